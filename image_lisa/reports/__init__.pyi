from .picture_table import save_picture_table as save_picture_table
from .pictures import plot_curves as plot_curves
from .pictures import save_reconstructions as save_reconstructions
from .pictures import save_samples as save_samples
from .table import ReportTable as ReportTable
from .writing import report as report
