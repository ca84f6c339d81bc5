"""Uploads that take long enough to be cut off, and what of them has come."""

import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

MEGABYTE = 1 << 20
SIZE = 40 * MEGABYTE
SPEED = 4 * MEGABYTE  # bytes a second
CRAWL = SPEED // 16  # so that one may look at what is shown before the rest has come


def large_file(folder: Path) -> Path:
    file = folder / "world.zip"
    file.write_bytes(secrets.token_bytes(SIZE))
    return file


def slow_down(page: Page, speed: int = SPEED) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed}
    session.send("Network.emulateNetworkConditions", conditions)


def speed_up(page: Page) -> None:
    slow_down(page, -1)


def offsets(page: Page) -> list[int]:
    """Where each attempt at a large file begins, from now on."""
    begun: list[int] = []

    def note(method: str, url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        if method == "POST" and "offset" in query:
            begun.append(int(query["offset"][0]))

    page.on("request", lambda request: note(request.method, request.url))
    return begun


def has_come(folder: Path, size: int) -> bool:
    """With what is kept until all has."""
    return sum(path.stat().st_size for path in folder.rglob("*")) >= size


def state_of(page: Page) -> Locator:
    return page.locator(".upload-state")
