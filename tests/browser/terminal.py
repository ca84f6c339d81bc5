"""A console in a page, as one reads and uses it."""

import re

from playwright.sync_api import Locator, Page, expect


def open_console(page: Page, container: str) -> Locator:
    """Opens it, and returns what is on the screen of its terminal."""
    page.goto(f"/dashboard/container/{container}/console")
    return page.locator(".xterm-rows")


def command_box(page: Page) -> Locator:
    return page.get_by_label("Command", exact=True)


def send(page: Page, command: str) -> None:
    expect(command_box(page)).to_be_enabled()
    command_box(page).fill(command)
    command_box(page).press("Enter")


def numbers_in(screen: Locator, word: str) -> list[int]:
    """Of the lines `word 1`, `word 2` …, in the order that they stand there."""
    return [int(number) for number in re.findall(rf"\b{word} (\d+)\b", screen.inner_text())]
