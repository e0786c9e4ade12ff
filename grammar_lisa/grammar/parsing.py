"""From the text of a sentence to its leftmost derivation."""

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import GrammarError as LarkGrammarError
from lark.exceptions import UnexpectedInput

from grammar_lisa.grammar import Grammar
from grammar_lisa.grammar.lark_tables import START, lark_rules, token_parser, token_rules
from grammar_lisa.grammar.quoting import quoted
from shared.common.errors import LisaError

SHOWN_COLUMNS = 72
SHOWN_TOKENS = 12
STRAY = "STRAY"
ENDS = ("$END", "<EOF>")
LALR = "LALR"
SHIFTING = (
    "LALR with shifts preferred, and Earley for what that refuses (the grammar is not LALR(1))"
)
EARLEY = "Earley (the grammar is not LALR(1); parsing is slow)"
KEPT = 8
"""Of how many grammars the tables are kept: those of a large one take 0.2 seconds."""

Builder = Callable[[list[Any]], list[int]]
Reader = Callable[[list[Token]], tuple[int, ...]]
Symbols = tuple[tuple[int, ...], ...]


class Parser:
    """Reads sentences of one grammar.

    A tokeniser that always takes the longest terminal feeds lark: LALR(1) where the grammar
    allows it. Where only shifts and reductions conflict, shifts are preferred, as yacc does, and
    what that refuses is read by Earley (J. Earley, An efficient context-free parsing algorithm,
    1970); where reductions conflict, Earley reads all. A sentence that is split wrongly, because
    one terminal begins another, is read by Earley over characters. White space between tokens is
    ignored. Of several derivations one is chosen, the same each time: the canonical one.

    Attributes:
        grammar: The grammar.
        kind: Which parser reads, in words.
        notice: Why reading can be slow, or None where it is fast.
    """

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.kind = LALR
        self.notice: str | None = None
        self._names = {f"T{index}": token for index, token in enumerate(grammar.terminals)}
        self._tokens = {token: Token(name, token) for name, token in self._names.items()}
        self._split = _tokeniser(grammar)
        self._overlaps = terminals_overlap(grammar.terminals)
        self._parse_tokens = self._token_parser()

    def reads(self, text: str) -> bool:
        """Tell whether a text is a sentence of the grammar."""
        try:
            self.parse(text)
        except LisaError:
            return False
        return True

    def parse(self, text: str) -> tuple[int, ...]:
        """Return the leftmost derivation of a sentence.

        Args:
            text: The sentence; white space between its tokens is ignored.

        Raises:
            LisaError: The text is no sentence of the grammar; the message shows where it stops
                being one and what was expected there.
        """
        tokens = self._tokens
        try:
            return self._parse_tokens([tokens[part] for part in self._split.findall(text) if part])
        except (UnexpectedInput, KeyError):
            return self._parse_otherwise(text)

    def _token_parser(self) -> Reader:
        """Return what reads tokens: see the class."""
        rules, symbols = token_rules(self.grammar), _symbols(self.grammar)
        strict = _strict(rules, symbols)
        if strict is not None:
            return strict
        self.notice = f"{self.grammar.source} is not LALR(1): "
        preferring = _shifting(rules, symbols)
        if preferring is None:
            self.kind = EARLEY
            self.notice += "its sentences are read by the slower Earley parser"
            return self._parse_slowly
        shifting, reductions = preferring
        self.kind = SHIFTING
        self.notice += (
            "sentences that LALR with shifts preferred refuses are read slowly, by Earley"
        )
        per_token = len(self.grammar.rules)

        def read(tokens: list[Token]) -> tuple[int, ...]:
            reductions.left = per_token * (len(tokens) + 2)
            try:
                return shifting(tokens)
            except (UnexpectedInput, _TooManyReductionsError):
                return self._parse_slowly(tokens)

        return read

    def _parse_slowly(self, tokens: list[Token]) -> tuple[int, ...]:
        return _leftmost(self._earley.parse(tokens))

    @cached_property
    def _earley(self) -> Any:
        """The Earley parser over tokens, made when it is first needed."""
        return token_parser(token_rules(self.grammar), parser="earley")

    @cached_property
    def _character_parser(self) -> Lark:
        """The Earley parser over characters, made when it is first needed."""
        terminals = [f"{name}: {_lark_string(token)}" for name, token in self._names.items()]
        rules = lark_rules(self.grammar) + "\n".join([*terminals, r"%ignore /\s+/"])
        return Lark(rules, start=START, parser="earley", lexer="dynamic")

    def _parse_otherwise(self, text: str) -> tuple[int, ...]:
        """Read a text that the fast way refuses, or raise the error that explains it."""
        located = self._located(text)
        if self._overlaps:
            splits = _count_splits(text, self.grammar.terminals)
            strays = any(token.type == STRAY for token in located)
            if splits > 1 or (splits == 1 and strays):
                try:
                    return _leftmost(self._character_parser.parse(text))
                except UnexpectedInput:
                    pass
        try:
            return self._parse_tokens(located)
        except UnexpectedInput as error:
            raise self._refusal(text, error) from None

    def _located(self, text: str) -> list[Token]:
        """Return the longest-match tokens with their places, strays included."""
        found: list[Token] = []
        for match in self._split.finditer(text):
            part = match.group(1)
            if part:
                known = self._tokens.get(part)
                found.append(Token(known.type if known else STRAY, part, match.start()))
        return found

    def _refusal(self, text: str, error: UnexpectedInput) -> LisaError:
        """Return the error that shows a text with a caret, and what was expected there."""
        token: Token | None = getattr(error, "token", None)
        if token is None or token.type in ENDS:
            column, found = len(text.rstrip()), "the end"
        else:
            column, found = token.start_pos or 0, repr(str(token))
        expected = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
        shown = _listed([self._names.get(name, "") for name in expected])
        first = max(0, min(column - SHOWN_COLUMNS // 2, len(text) - SHOWN_COLUMNS))
        window = "".join(
            " " if char.isspace() else char for char in text[first : first + SHOWN_COLUMNS]
        )
        lead = "… " if first else ""
        tail = " …" if first + SHOWN_COLUMNS < len(text) else ""
        return LisaError(
            f"not a sentence of {self.grammar.source}, from column {column + 1} on:\n"
            f"    {lead}{window}{tail}\n"
            f"    {' ' * (len(lead) + column - first)}^\n"
            f"found {found}; expected {shown}"
        )


def _tokeniser(grammar: Grammar) -> re.Pattern[str]:
    """Return a pattern whose group 1 is the longest terminal here, or a stray character."""
    longest_first = sorted(grammar.terminals, key=len, reverse=True)
    return re.compile("|".join(["(" + "|".join([*map(re.escape, longest_first), r"\S)"]), r"\s+"]))


def terminals_overlap(terminals: Iterable[str]) -> bool:
    """Return whether the longest match can be the wrong one."""
    words = sorted(terminals)
    begins = any(following.startswith(word) for word, following in pairwise(words))
    return begins or any(word[0].isspace() for word in words)


def _lark_string(token: str) -> str:
    """Return a token as a string in lark's notation."""
    return quoted(token, '"')


def _lalr(rules: str, builders: Iterable[Builder], *, strict: bool) -> Reader | None:
    """Return an LALR(1) parser over tokens that gives leftmost derivations.

    Args:
        rules: The rules of a grammar over tokens.
        builders: What makes the derivations of each rule.
        strict: Whether shifts are refused that conflict with reductions, and not preferred.

    Returns:
        The parser, or None where reductions conflict, or, strictly, one with a shift.
    """
    transformer = SimpleNamespace(**{f"r{number}": build for number, build in enumerate(builders)})
    try:
        made = token_parser(rules, parser="lalr", strict=strict, transformer=transformer)
    except LarkGrammarError:
        return None
    read = made.parser.parse
    return lambda tokens: tuple(read(tokens))


@lru_cache(KEPT)
def _strict(rules: str, symbols: Symbols) -> Reader | None:
    """Return the LALR(1) parser of a grammar without conflicts, made once for equal grammars."""
    return _lalr(rules, map(_builder, count(), symbols), strict=True)


@lru_cache(KEPT)
def _shifting(rules: str, symbols: Symbols) -> tuple[Reader, "_Reductions"] | None:
    """Return the parser that prefers shifts, made once for equal grammars, and what bounds it."""
    reductions = _Reductions()
    builders = map(reductions.counted, map(_builder, count(), symbols))
    read = _lalr(rules, builders, strict=False)
    return None if read is None else (read, reductions)


def _symbols(grammar: Grammar) -> Symbols:
    """Return where symbols stand on the right-hand side of each rule."""
    return tuple(
        tuple(index for index, part in enumerate(rule.rhs) if not isinstance(part, str))
        for rule in grammar.rules
    )


class _TooManyReductionsError(Exception):
    """A parser that resolves conflicts reduces on and on without reading."""


class _Reductions(threading.local):
    """Bounds the reductions of a parser that resolves conflicts, in each thread for itself.

    Such a parser need not end (Soisalon-Soininen and Tarhio, Looping LR parsers, 1988).

    Attributes:
        left: How many are left for the sentence that is read.
    """

    left = 0

    def counted(self, build: Builder) -> Builder:
        """Return a builder that counts its calls."""

        def counting(children: list[Any]) -> list[int]:
            self.left -= 1
            if self.left < 0:
                raise _TooManyReductionsError
            return build(children)

        return counting


def _builder(number: int, parts: Sequence[int]) -> Builder:
    """Return what makes the derivation of a rule's left-hand side from those of its symbols."""
    if not parts:
        return lambda _: [number]
    if len(parts) == 1:
        (only,) = parts
        return lambda children: [number, *children[only]]
    if len(parts) == 2:
        first, second = parts
        return lambda children: [number, *children[first], *children[second]]

    def build(children: list[Any]) -> list[int]:
        derivation = [number]
        for part in parts:
            derivation += children[part]
        return derivation

    return build


def _leftmost(tree: Tree[Token]) -> tuple[int, ...]:
    """Return the rule numbers of a parse tree, parents first, left before right."""
    derivation: list[int] = []
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        derivation.append(int(node.data[1:]))
        stack.extend(child for child in reversed(node.children) if isinstance(child, Tree))
    return tuple(derivation)


def _count_splits(text: str, terminals: Iterable[str]) -> int:
    """Return in how many ways a text splits into terminals and white space, counted up to 2."""
    by_first: dict[str, list[str]] = {}
    for token in terminals:
        by_first.setdefault(token[0], []).append(token)
    ways = [0] * len(text) + [1]
    for index in range(len(text) - 1, -1, -1):
        found = ways[index + 1] if text[index].isspace() else 0
        for token in by_first.get(text[index], ()):
            if text.startswith(token, index):
                found += ways[index + len(token)]
        ways[index] = min(found, 2)
    return ways[0]


def _listed(expected: Iterable[str]) -> str:
    """Return tokens as a list in words; an empty one stands for the end of the text."""
    tokens = set(expected)
    names = [repr(token) for token in sorted(tokens - {""})]
    if "" in tokens:
        names.insert(0, "the end")
    if len(names) > SHOWN_TOKENS:
        names = [*names[:SHOWN_TOKENS], f"… ({len(names) - SHOWN_TOKENS} more)"]
    return "one of " + ", ".join(names) if len(names) > 1 else "".join(names) or "the end"
