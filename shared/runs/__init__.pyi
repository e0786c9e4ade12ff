from .expost import fit_samplers as fit_samplers
from .expost import load_codes as load_codes
from .expost import load_samplers as load_samplers
from .files import read_json as read_json
from .files import write_atomically as write_atomically
from .files import write_json as write_json
from .folders import open_folder as open_folder
from .locks import working_in as working_in
from .run import Run as Run
from .run import create_run as create_run
from .run import list_runs as list_runs
from .run import newest_run as newest_run
from .run import open_run as open_run
from .tensors import read_tensors as read_tensors
from .tensors import write_tensors as write_tensors

__all__ = [
    "Run",
    "create_run",
    "fit_samplers",
    "list_runs",
    "load_codes",
    "load_samplers",
    "newest_run",
    "open_folder",
    "open_run",
    "read_json",
    "read_tensors",
    "working_in",
    "write_atomically",
    "write_json",
    "write_tensors",
]
