"""Every page: as axe-core judges it in both themes, on the narrowest phone, and as a picture for docs/screenshots/.

In one visit, since what some of them show takes longer to make than to look at.
"""

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import assert_accessible
from tests.browser.pages import PAGES
from tests.browser.screenshots import screenshot
from tests.e2e.server import Lightd


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_it_fits_a_phone(administrators_page: Page, lightd: Lightd, name: str) -> None:
    PAGES[name](administrators_page, lightd)

    assert_accessible(administrators_page)
    screenshot(administrators_page, name)
    width = administrators_page.evaluate("document.documentElement.scrollWidth")
    assert width <= 375, "it has to be scrolled sideways on a phone"
