"""What a person does to a page, by mouse or by keyboard alone, so that one story is told of both."""

from typing import Protocol

from playwright.sync_api import Locator, Page

from tests.browser.keyboard import tab_to


class Hands(Protocol):
    def __init__(self, page: Page) -> None: ...

    def press(self, target: Locator) -> None:
        """A button or a link."""

    def write(self, target: Locator, text: str) -> None:
        """Into a field, in the place of what stands there."""

    def edit(self, target: Locator, text: str) -> None:
        """The same in an editor of code."""


class Mouse:
    """Points at things."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        target.click()

    def write(self, target: Locator, text: str) -> None:
        target.fill(text)

    def edit(self, target: Locator, text: str) -> None:
        target.fill(text)


class Keyboard:
    """Goes by Tab, and never touches a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        self._go_to(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self._go_to(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def edit(self, target: Locator, text: str) -> None:
        self.write(target, text)
        self.page.keyboard.press("Escape")  # what is suggested
        self.page.keyboard.press("Escape")  # the editor: Tab leads out of it

    def _go_to(self, target: Locator) -> None:
        target.wait_for()
        tab_to(self.page, target)
