from .comparison import Benchmark as Benchmark
from .comparison import open_benchmark as open_benchmark
from .sweep import open_sweep as open_sweep
