"""Random small grammars, and a plain enumeration to compare the fast one with."""

from pathlib import Path

from hypothesis import strategies as st

from grammar_lisa.grammar import GrammarError, parse_grammar

ROOT = Path(__file__).parents[2]
EXPR = ROOT / "grammars" / "expr.cfg"
NAMES = ("S", "A", "B")
TOKENS = ("a", "b", "ab", "abc", "+", "(", "x", "word", "\\", ".*", "a b")


def _parsed(text):
    try:
        return parse_grammar(text)
    except GrammarError:
        return None


_symbols = st.sampled_from([*NAMES, *(f"'{token}'" for token in TOKENS), "'\"'"])
_alternatives = st.lists(st.lists(_symbols, max_size=3).map(" ".join), min_size=1, max_size=4)
grammars = (
    st.tuples(
        st.sampled_from(["", "# tokens: joined\n", "# tokens: spaced\n"]),
        *[
            _alternatives.map(lambda own, name=name: f"{name} -> {' | '.join(own)}\n")
            for name in NAMES
        ],
    )
    .map("".join)
    .map(_parsed)
    .filter(bool)
)


def enumerated(grammar, max_rules):
    """Return the set of derivations of at most max_rules rules, by plain expansion."""
    complete = set()
    open_forms = [((), (grammar.start,))]
    while open_forms:
        derivation, stack = open_forms.pop()
        if not stack:
            complete.add(derivation)
        elif len(derivation) < max_rules:
            for number in grammar.rules_of[stack[0]]:
                rhs = grammar.rules[number].rhs
                parts = tuple(part for part in rhs if not isinstance(part, str))
                if len(derivation) + 1 + len(parts) + len(stack) - 1 <= max_rules:
                    open_forms.append(((*derivation, number), parts + stack[1:]))
    return complete
