"""Every page, in both themes, as axe-core judges it."""

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import assert_accessible
from tests.browser.pages import PAGES
from tests.e2e.server import Lightd


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(administrators_page: Page, lightd: Lightd, name: str) -> None:
    PAGES[name](administrators_page, lightd)

    assert_accessible(administrators_page)
