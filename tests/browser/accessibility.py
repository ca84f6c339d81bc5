"""What axe-core says of a page."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

# WCAG 2.2 AA is all of these; the last are axe-core's own advice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Without preload: axe-core would fetch style sheets and put them into the page, which its policy refuses.
OPTIONS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"], "preload": False}

# Half-way between two colours there may be too little contrast.
END_TRANSITIONS = (
    "document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish())"
)


def assert_accessible(page: Page) -> None:
    """No violation in what the page shows now, in either theme."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.evaluate(END_TRANSITIONS)
        results = Axe().run(page, options=OPTIONS)
        assert results.violations_count == 0, f"{page.url}, {theme}: {results.generate_report()}"
