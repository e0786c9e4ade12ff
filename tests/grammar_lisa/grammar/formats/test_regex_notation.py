"""Regular expressions as rules: they derive what Python's `re` matches, and nothing else."""

import re
from itertools import product

import pytest

from grammar_lisa.grammar.formats.regex_notation import read_regex
from grammar_lisa.grammar.formats.translation import plain_rules
from grammar_lisa.grammar.formats.tree import Choice, Definition, Sequence
from grammar_lisa.grammar.source import Position

HERE = Position(1, 1)
PATTERNS = [
    "a",
    "ab",
    "[ab]",
    "a|b|",
    "a*b+",
    "(ab)?c",
    "(?:a|bc){2}",
    "(?P<name>a){1,3}",
    "a{2,}",
    "a{,2}b",
    r"\d?b",
    r"[a-c]\-",
    "a-b",
    "(a|b)*c?",
    "((a))",
    "()",
    r"\.a|\(",
    r"[\]a]+",
    "[]a]",
]


def derived(pattern, length):
    """All texts of at most so many characters that the rules of a pattern derive."""
    body = Choice((Sequence((read_regex(pattern, HERE),), HERE),), HERE)
    rules = plain_rules([Definition("s", body, HERE)])
    start = rules[0].lhs
    texts, seen, ahead = set(), set(), [(start,)]
    while ahead:
        form = ahead.pop()
        if form in seen or sum(isinstance(part, str) for part in form) > length:
            continue
        seen.add(form)
        place = next((n for n, part in enumerate(form) if not isinstance(part, str)), None)
        if place is None:
            texts.add("".join(form))
            continue
        ahead += [
            (*form[:place], *rule.rhs, *form[place + 1 :])
            for rule in rules
            if rule.lhs == form[place] and len(form) + len(rule.rhs) < length + 8
        ]
    return texts


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_rules_derive_what_matches(pattern):
    matcher = re.compile(pattern)
    texts = ("".join(letters) for n in range(5) for letters in product("abc0-.(]", repeat=n))
    matching = {text for text in texts if matcher.fullmatch(text)}
    found = derived(pattern, 4)
    assert all(matcher.fullmatch(text) for text in found)
    assert matching <= found


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a.", ". is any character"),
        ("^a", r"\^ is a place"),
        ("a$", r"\$ is a place"),
        (r"\w", "no finite set"),
        (r"\bx", "no finite set"),
        ("[^a]", "all characters but some"),
        ("(?=a)", r"\( is a group that only looks"),
        ("(?i)a", r"\( is a group that only looks"),
        ("a)", r"a \) without its beginning"),
        ("(a", "not closed"),
        ("*a", r"\* is out of place"),
        ("[a", r"\[ is out of place"),
        ("a\\", r"is out of place"),
        ("a{3,2}", r"\{3,2\} is no range"),
        ("a{2000}", "no count of at most 1000"),
        ("a{}", "no count"),
        ("a++", "how much of the text"),
        ("a+?", "how much of the text"),
    ],
)
def test_what_is_not_finite_or_none_is_refused(pattern, message):
    with pytest.raises(ValueError, match=message):
        read_regex(pattern, HERE)
