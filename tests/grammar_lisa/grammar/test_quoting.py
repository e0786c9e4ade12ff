"""Tokens in quotes come back as they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grammar_lisa.grammar.quoting import ESCAPED, quoted, unescaped, with_escapes_or_without
from shared.common.errors import LisaError


@given(st.text(min_size=1), st.sampled_from([None, "'", '"']))
def test_what_is_quoted_is_read_back(token, quote):
    written = quoted(token, quote)
    match = re.fullmatch(ESCAPED[written[0]], written)
    assert match
    assert unescaped(match.group(1)) == token


def test_the_plainer_quote_is_taken():
    assert quoted("a") == "'a'"
    assert quoted("it's") == '"it\'s"'
    assert quoted("'\"") == r"""'\'"'"""


def test_without_escapes_only_where_that_alone_reads():
    def read(escapes):
        if escapes:
            raise LisaError("with")
        return "without"

    def refuse(escapes):
        raise LisaError("with" if escapes else "without")

    assert with_escapes_or_without(r"'\'", read) == "without"
    assert with_escapes_or_without("'a'", lambda escapes: escapes)
    with pytest.raises(LisaError, match=r"with$"):
        with_escapes_or_without("'a'", read)
    with pytest.raises(LisaError, match=r"with$"):
        with_escapes_or_without(r"'\'", refuse)
