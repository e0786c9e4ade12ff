"""lark's notation, as far as it makes plain rules: ``name: "text" | other``."""

from grammar_lisa.grammar.formats.right_hand_sides import Dialect, RightHandSides
from grammar_lisa.grammar.formats.tokens import END, Token, Tokens
from grammar_lisa.grammar.formats.tree import Choice, Definition

HINT = (
    'valid are: name: "text" | other, with ? * + ~ ( ) [ ], "a".."z" and /[a-z]/; '
    "not templates, priorities, imports and other regular expressions"
)
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


class _Reader:
    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        dialect = Dialect(optional=True, times=True, by_line=True, ends=("->",))
        self.sides = RightHandSides(tokens, dialect, lambda: False)
        self.ignored: set[str] = set()
        self._imported: dict[str, Token] = {}

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
        for name, token in self._imported.items():
            if name not in self.ignored:
                message = f"{name} is imported, and imports are read only for %ignore"
                raise self.tokens.error(token, message, f'write its rules here, as {name}: "…"')
        return found

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
        if word not in ("ignore", "import"):
            hint = "%ignore is read, and %import of what is ignored"
            raise self.tokens.error(token, f"the directive %{word} is not read", hint)
        last = token
        while self.tokens.peek().kind != END and not self.tokens.peek().first:
            last = self.tokens.take()
            if word == "import" and last.kind == "name" and not self.tokens.at(".", "->", "("):
                self._imported[last.text] = last

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
