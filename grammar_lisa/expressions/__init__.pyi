from .algebra import simplify_all as simplify_all
from .canonical import Canonical as Canonical
from .differentiation import BoundSkeleton as BoundSkeleton
from .evaluation import evaluate as evaluate
from .evaluation import parsable as parsable
from .expression import Node as Node
from .expression import Pool as Pool
from .expression import variables_of as variables_of
from .forms import forms_of as forms_of
from .language import Expressions as Expressions
from .language import Language as Language
from .language import PlainText as PlainText
from .reading import Reading as Reading
from .skeleton import Skeleton as Skeleton
from .sums import sum_of as sum_of

__all__ = [
    "BoundSkeleton",
    "Canonical",
    "Expressions",
    "Language",
    "Node",
    "PlainText",
    "Pool",
    "Reading",
    "Skeleton",
    "evaluate",
    "forms_of",
    "parsable",
    "simplify_all",
    "sum_of",
    "variables_of",
]
