"""Grammars in other notations than nltk's: BNF, EBNF, ANTLR, lark; read, told apart, written."""
