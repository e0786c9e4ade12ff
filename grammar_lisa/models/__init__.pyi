from .architecture import Architecture as Architecture
from .character_model import CharacterModel as CharacterModel
from .grammar_model import GrammarModel as GrammarModel
from .load import load_model as load_model
from .mask import GrammarMask as GrammarMask
from .networks import NETWORKS as NETWORKS
from .sentence_model import SentenceModel as SentenceModel
from .tokenizer import CharacterTokenizer as CharacterTokenizer
