import json
from html.parser import HTMLParser

import pytest
from browser import chromium as chromium
from browser import opened
from hypothesis import given
from hypothesis import strategies as st

from shared.common.errors import LisaError
from shared.reports import rendering
from shared.reports.charts import Series, axis, chart
from shared.reports.page import (
    Facts,
    Follow,
    Formula,
    Grid,
    Link,
    Page,
    Prose,
    Section,
    Tiles,
    missing,
)
from shared.reports.rendering import render, report_path, write_page

EVIL = [
    "<script>document.title = 'ran'</script>",
    "</script><script>document.title = 'ran'</script>",
    "<img src=x onerror=\"document.title = 'ran'\">",
    "a<b>c</b> & \"d\" 'e'",
    "{{ 7 * 7 }} {% raw %}",
]


@pytest.fixture
def bare(monkeypatch):
    """Pages without plotly.js, which is five megabytes."""
    monkeypatch.setattr(rendering, "_plotly", lambda: "const Plotly = {};")


class Reader(HTMLParser):
    """Counts the elements of a page, and gathers its text."""

    def __init__(self, content):
        super().__init__()
        self.elements, self.words, self.attributes = [], [], []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [value for _, value in attrs if value]

    def handle_data(self, data):
        self.words.append(data)


def section_with(text, name="c"):
    """A section that has a text everywhere that a run's texts can stand."""
    drawn = chart(name, text, text, [Series(text, [1, 2], [1, 2], [text, text])], axis(text), {})
    return Section(
        text,
        [
            Prose(text),
            missing(text),
            Facts([(text, text)], text),
            Tiles([(text, text)]),
            Formula(text),
            Grid(text, [text, text], [[text, Formula(text)], [Link(text, "a"), text]]),
            Grid("follow", ["a"], [[Follow(name, 0, text)]]),
            drawn,
        ],
    )


def page_with(text):
    """A page that has a text everywhere that a run's texts can stand."""
    return Page(text, text, text, [section_with(text)], foot=text)


@given(st.one_of(st.sampled_from(EVIL), st.text(st.characters(codec="utf-8"), min_size=1)))
def test_no_text_becomes_markup(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "_plotly", lambda: "")
        found, plain = (Reader(render(page_with(each))) for each in (text, "words"))
    assert found.elements == plain.elements


@pytest.mark.parametrize("text", EVIL)
def test_texts_are_shown_as_they_are(bare, text):
    found = Reader(render(page_with(text)))
    assert found.words.count(text) >= 15
    specs = [each for each in found.words if each.startswith('{"data"')]
    assert json.loads(specs[0])["data"][0]["text"][0].count("<") == 0


def test_a_page_has_a_language_headings_and_what_charts_show_in_words(bare):
    content = render(page_with("words"))
    assert '<html lang="en">' in content
    assert content.count("<h1>") == 1
    assert 'role="img" aria-label="words"' in content
    assert "default-src 'none'" in content


def test_the_script_of_charts_is_there_for_charts_only():
    plain = Page("a", "b", "c", [Section("d", [Prose("e")])])
    assert len(render(plain)) < 50_000
    assert "plotly" in render(page_with("words"))


def test_a_report_that_is_too_large_is_refused(bare, monkeypatch, tmp_path):
    monkeypatch.setattr(rendering, "LARGEST", 100)
    with pytest.raises(LisaError, match="more than 100; name fewer runs"):
        write_page(tmp_path / "a.html", page_with("words"))
    assert not list(tmp_path.iterdir())


def test_where_reports_go(tmp_path):
    (tmp_path / "a").mkdir()
    assert report_path([tmp_path / "a"], None) == tmp_path / "a" / "report.html"
    several = report_path([tmp_path / "a", tmp_path / "b"], None)
    assert several == tmp_path / "a" / "comparison.html"
    assert report_path([tmp_path / "a"], tmp_path / "x.html") == tmp_path / "x.html"
    with pytest.raises(LisaError, match="is a folder"):
        report_path([tmp_path], tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        *[(t, True) for t in ("1", "-0.5", "1,234", "1.7e-31", "82.3 %", "0.5 ± 0.1", "3 of 3")],
        *[(t, True) for t in ("4.4 s", "2 min 3 s", "2 min", "1 h", "0.074 ★", "∞", "12/12")],
        *[(t, False) for t in ("", "–", "1/3 + x", "2*x", "words", "3 words")],
    ],
)
def test_numbers_stand_at_the_right(text, right):
    assert rendering._is_number(text) == right


def test_a_browser_shows_evil_texts_and_runs_none(chromium, tmp_path):
    sections = [section_with(text, f"c{place}") for place, text in enumerate(EVIL)]
    path = write_page(tmp_path / "a.html", Page(EVIL[0], EVIL[1], EVIL[2], sections))
    assert path.stat().st_size < rendering.LARGEST
    with opened(chromium, path) as found:
        assert found.page.title() == f"{EVIL[0]} – {EVIL[1]}"
        assert found.page.locator("h1").text_content() == EVIL[0]
        for place, text in enumerate(EVIL):
            assert found.hover(f"c{place}", 0) == text
        assert not found.said
        assert not found.asked


def test_a_page_fits_its_window_and_paper_by_day_and_night(chromium, tmp_path):
    path = write_page(tmp_path / "a.html", page_with("some words of a page"))
    with opened(chromium, path) as found:
        page = found.page
        colours = set()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            tick = page.locator("#c .xtick text").first
            fill = "each => getComputedStyle(each).fill"
            while tick.evaluate(fill) in colours:
                page.wait_for_timeout(20)  # charts follow the theme a moment later
            colours.add(tick.evaluate(fill))
        assert len(colours) == 4
        for width in (1180, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert found.wider <= 0
            while page.locator("#c .main-svg").first.bounding_box()["width"] > width:
                page.wait_for_timeout(20)  # charts follow the window a moment later
        assert page.pdf(format="A4").startswith(b"%PDF")
        assert page.locator("details[open]").count() == 1
        assert not found.said
