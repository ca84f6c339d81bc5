"""Using a page by keyboard alone."""

from playwright.sync_api import Locator, Page

FAR = 100  # presses of Tab that nobody would make


def tab_to(page: Page, target: Locator) -> None:
    """Moves the focus on until it is there."""
    for _ in range(FAR):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} cannot be reached with Tab")
