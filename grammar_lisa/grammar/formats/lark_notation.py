"""lark's notation, as far as it makes plain rules: ``name: "text" | other``."""

from dataclasses import dataclass

from grammar_lisa.grammar.formats.lark_imports import LIBRARY, library, library_text, renamed
from grammar_lisa.grammar.formats.right_hand_sides import Dialect, RightHandSides
from grammar_lisa.grammar.formats.tokens import END, Token, Tokens
from grammar_lisa.grammar.formats.tree import Choice, Definition
from grammar_lisa.grammar.source import GrammarError

HINT = (
    'valid are: name: "text" | other, with ? * + ~ ( ) [ ], "a".."z", /[a-z]/ and %import '
    "common.NAME; not templates, priorities and other regular expressions"
)
_INSTEAD = r'write what is meant, as {}: "\"" /[ !#-\[\]-~]*/ "\"" for a string'
KINDS = {
    "name": r"[A-Za-z_]\w*",
    "directive": r"%\s*[a-z]+",
    "arrow": "->",
    "regex": r"/(?!/)(?:\\.|[^/\\\n])+/[imslux]*",
    "number": r"\d+",
    "flagged": r'"(?:\\.|[^"\\\n])*"i\b',
}


def read_lark(text: str, name: str, escapes: bool) -> tuple[list[Definition], bool]:
    """Return the definitions of a text in lark's notation, and whether blanks are ignored.

    The start symbol's definition comes first: that of ``start``, if there is one.

    Raises:
        GrammarError: The text is no such grammar; the message shows the place.
    """
    tokens = Tokens(text, name, KINDS, r"//[^\n]*|\#[^\n]*", escapes=escapes, hint=HINT)
    reader = _Reader(tokens)
    found = reader.definitions()
    start = [each for each in found if each.name == "start"]
    return start + [each for each in found if each.name != "start"], bool(reader.ignored)


@dataclass(frozen=True)
class _Import:
    """A terminal that another file defines: that file, its name there, and the name here."""

    source: str
    name: str
    alias: Token


class _Reader:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        dialect = Dialect(optional=True, times=True, by_line=True, ends=("->",))
        self.sides = RightHandSides(tokens, dialect, lambda: False)
        self.ignored: set[str] = set()
        self._imports: list[_Import] = []

    def definitions(self) -> list[Definition]:
        """Read all definitions."""
        self.ignored = self._names_ignored()
        found: list[Definition] = []
        while self.tokens.peek().kind != END:
            if self.tokens.peek().kind == "directive":
                self._directive()
            else:
                definition = self._definition()
                found += [definition] if definition else []
        return found + self._imported({each.name for each in found})

    def _imported(self, own: set[str]) -> list[Definition]:
        """Return what the sentences have of imports, whose names are none of the file's own."""
        wanted = [each for each in self._imports if each.alias.text not in self.ignored]
        taken = own | {each.alias.text for each in wanted}
        found: dict[str, Definition] = {}
        for each in wanted:
            for definition in renamed(
                self._of_library(each), each.name, each.alias.text, taken, each.alias.place
            ):
                found.setdefault(definition.name, definition)
        return list(found.values())

    def _of_library(self, wanted: "_Import") -> list[Definition]:
        """Return the definitions that an import stands for, as the library names them."""
        name, alias = wanted.name, wanted.alias
        if wanted.source != LIBRARY:
            message = f"{name} is imported from {wanted.source or 'nowhere'}, which is not read"
            hint = f"write its rules here, or import from lark's {LIBRARY}"
            raise self.tokens.error(alias, message, hint)
        if name not in library():
            hint = f"it has {', '.join(library())}"
            raise self.tokens.error(alias, f"lark's {LIBRARY} has no {name}", hint)
        try:
            return read_lark(library_text(name), LIBRARY, escapes=True)[0]
        except GrammarError as error:
            message = f"{LIBRARY}.{name} is a regular expression that is not read"
            raise self.tokens.error(alias, message, _INSTEAD.format(alias.text)) from error

    def _names_ignored(self) -> set[str]:
        """Return what ``%ignore`` names, wherever it stands."""
        words = self.tokens
        found: set[str] = set()
        ahead = 0
        while words.peek(ahead).kind != END:
            if _word(words.peek(ahead)) == "ignore":
                found.add(words.peek(ahead + 1).text)
            ahead += 1
        return found

    def _directive(self) -> None:
        token = self.tokens.take()
        word = _word(token)
        if word == "import":
            self._import()
        elif word != "ignore":
            hint = f"%ignore is read, and %import of lark's {LIBRARY}"
            raise self.tokens.error(token, f"the directive %{word} is not read", hint)
        while self.tokens.peek().kind != END and not self.tokens.peek().first:
            self.tokens.take()

    def _import(self) -> None:
        """Read ``common.NAME``, ``common.NAME -> ALIAS`` or ``common (NAME, OTHER)``."""
        path: list[str] = []
        several = False
        while self.tokens.at(".", ahead=1) or self.tokens.at("(", ahead=1) or self.tokens.at("."):
            path.append(self.tokens.take().text)
            if several := self.tokens.accept("("):
                break
            self.tokens.accept(".")
        while not (self.tokens.peek().first or self.tokens.at(")")):
            token = self.tokens.take()
            alias = token if several or not self.tokens.accept("->") else self.tokens.take()
            self._imports.append(_Import(".".join(path), token.text, alias))
            self.tokens.accept(",")

    def _definition(self) -> Definition | None:
        """Read a definition; nothing if the sentences leave out what it defines."""
        self.tokens.accept("?", "!")
        self.tokens.accept("?", "!")
        symbol = self.tokens.take()
        if symbol.kind != "name":
            raise self.tokens.error(symbol, f"expected the name of a rule, found {symbol}")
        if self.tokens.at("."):
            raise self.tokens.error(
                self.tokens.peek(), f"the priority of {symbol.text} is not read", "leave it out"
            )
        if self.tokens.at("{"):
            hint = "write the rules that it stands for"
            raise self.tokens.error(
                self.tokens.peek(), f"{symbol.text} is a template, which is not read", hint
            )
        self.tokens.expect(":")
        if symbol.text in self.ignored:
            self._skip()
            return None
        alternatives = [*self.sides.choice().alternatives]
        while self.tokens.accept("->"):
            self.tokens.take()
            if self.tokens.accept("|"):
                alternatives += self.sides.choice().alternatives
        if not self.tokens.peek().first:
            raise self.tokens.error(self.tokens.peek(), f"unexpected {self.tokens.peek()}")
        body = Choice(tuple(alternatives), symbol.place)
        return Definition(symbol.text, body, symbol.place)

    def _skip(self) -> None:
        """Move to the next definition or directive."""
        while self.tokens.peek().kind != END:
            token = self.tokens.peek()
            if token.first and not self.tokens.at("|"):
                return
            self.tokens.take()


def _word(token: Token) -> str:
    """Return the word of a directive."""
    return token.text.lstrip("% \t") if token.kind == "directive" else ""
