from .comparison import compare_images as compare_images
from .diagnosis import diagnose_run as diagnose_run
from .extractor import FeatureExtractor as FeatureExtractor
from .extractors import train_extractor as train_extractor
from .frechet import frechet_distance as frechet_distance
from .report import evaluate_run as evaluate_run
