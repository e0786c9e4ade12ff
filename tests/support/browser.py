"""Reports opened in a real browser, without a network and without a window."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium, closed at the end of the module."""
    api = pytest.importorskip("playwright.sync_api")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the path")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A report in a browser.

    Attributes:
        page: Playwright's page.
        said: What the page said on its console, and errors of its scripts.
        asked: The addresses that it asked for, its own aside.
    """

    page: Any
    said: list = field(default_factory=list)
    asked: list = field(default_factory=list)

    def place_of(self, chart, point, trace=0):
        """Where a point of a chart stands in the window, scrolled to, and its text.

        A point is that of a row, or where points can be followed, of the number.
        """
        self.page.locator(f"#{chart}").scroll_into_view_if_needed()
        return self.page.evaluate(
            """([chart, point, number]) => {
                const place = document.getElementById(chart);
                const trace = place.data[number];
                const row = trace.customdata ? trace.customdata.indexOf(point) : point;
                const { xaxis, yaxis } = place._fullLayout;
                const box = place.getBoundingClientRect();
                return [
                    box.left + xaxis._offset + xaxis.d2p(trace.x[row]),
                    box.top + yaxis._offset + yaxis.d2p(trace.y[row]),
                    trace.text[row],
                ];
            }""",
            [chart, point, trace],
        )

    def hover(self, chart, point, trace=0):
        """Move the mouse to a point, and return what the label there says."""
        x, y, _ = self.place_of(chart, point, trace)
        self.page.mouse.move(x, y)
        return self.hovered(chart)

    def hovered(self, chart):
        """What the label at the mouse says."""
        label = self.page.locator(f"#{chart} .hoverlayer .hovertext").first
        label.wait_for()
        return label.text_content()

    @property
    def wider(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")


_PATIENCE = 300_000
"""Milliseconds that a page may take on a busy machine."""


@contextmanager
def opened(chromium, path, *, scheme="light", width=1180):
    """A report in a window of its own."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    found = Opened(page)
    page.on("console", lambda message: found.said.append(message.text))
    page.on("pageerror", lambda error: found.said.append(str(error)))
    address = path.resolve().as_uri()
    page.on("request", lambda each: each.url != address and found.asked.append(each.url))
    page.goto(address)
    yield found
    context.close()
