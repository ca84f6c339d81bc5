"""Pictures of the pages, for the documentation."""

from pathlib import Path

from playwright.sync_api import FloatRect, Page

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZES = ((1440, 900), (375, 812))  # a desk, and the narrowest phone that is supported
TALLEST = 2000  # pixels; of longer pages the rest is more of the same
# What sticks to the window's lower edge would lie in the middle of the picture.
LET_GO = "document.querySelectorAll('.settings-save, .bulk').forEach((each) => each.style.position = 'static')"


def screenshot(page: Page, name: str) -> None:
    """The page from top to bottom, light, as ``docs/screenshots/NAME-WIDTH.png``, on a desk and on a phone."""
    page.emulate_media(color_scheme="light")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("window.scrollTo(0, 0)")  # what sticks to the window's edge is at the page's
        tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        whole: FloatRect = {"x": 0, "y": 0, "width": width, "height": tall}
        page.evaluate(LET_GO)
        page.screenshot(path=FOLDER / f"{name}-{width}.png", full_page=True, clip=whole, animations="disabled")
