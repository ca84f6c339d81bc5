"""Every page as it looks, for docs/screenshots/."""

import pytest
from playwright.sync_api import Page

from tests.browser.pages import PAGES
from tests.browser.screenshots import screenshot
from tests.e2e.server import Lightd


@pytest.mark.parametrize("name", PAGES)
def test_it_is_kept_as_a_picture(administrators_page: Page, lightd: Lightd, name: str) -> None:
    PAGES[name](administrators_page, lightd)

    screenshot(administrators_page, name)
    width = administrators_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, "it has to be scrolled sideways on a phone"
