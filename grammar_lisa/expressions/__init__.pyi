from .algebra import simplify_all as simplify_all
from .canonical import Canonical as Canonical
from .canonical_forms import canonical_forms as canonical_forms
from .differentiation import BoundSkeleton as BoundSkeleton
from .evaluation import evaluate as evaluate
from .evaluation import parsable as parsable
from .expression import Node as Node
from .expression import Pool as Pool
from .expression import variables_of as variables_of
from .language import Expressions as Expressions
from .language import Language as Language
from .language import PlainText as PlainText
from .monomials import monomials_of as monomials_of
from .reading import Reading as Reading
from .skeleton import Skeleton as Skeleton

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
    "canonical_forms",
    "evaluate",
    "monomials_of",
    "parsable",
    "simplify_all",
    "variables_of",
]
