"""Pictures of the pages, for the documentation."""

import os
from pathlib import Path

from playwright.sync_api import FloatRect, Page

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
RENEWED = "LIGHTD_SCREENSHOTS"  # set, the documentation gets the pictures
SIZES = ((1440, 900), (375, 812))  # a desk, and the narrowest phone that is supported
TALLEST = 2000  # pixels; of longer pages the rest is more of the same
# What sticks to the window's lower edge would lie in the middle of the picture.
LET_GO = "document.querySelectorAll('.settings-save, .bulk').forEach((each) => each.style.position = 'static')"


def kept_in(elsewhere: Path) -> Path:
    """Where pictures go."""
    return FOLDER if os.environ.get(RENEWED) else elsewhere


def screenshot(page: Page, name: str, elsewhere: Path) -> None:
    """The page from top to bottom, light, on a desk and on a phone, as ``NAME-WIDTH.png``.

    In docs/screenshots/ if those are to be renewed.
    """
    folder = kept_in(elsewhere)
    page.emulate_media(color_scheme="light")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("window.scrollTo(0, 0)")  # what sticks to the window's edge is at the page's
        tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        whole: FloatRect = {"x": 0, "y": 0, "width": width, "height": tall}
        page.evaluate(LET_GO)
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True, clip=whole, animations="disabled")
