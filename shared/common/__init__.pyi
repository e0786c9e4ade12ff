from .callbacks import Callbacks as Callbacks
from .callbacks import Notify as Notify
from .collective import gather_rows as gather_rows
from .errors import LisaError as LisaError
from .fitting import fit_module as fit_module
from .seeds import derive_seed as derive_seed
from .threads import limited_threads as limited_threads
