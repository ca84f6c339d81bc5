"""What a browser complains of while a test uses it."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Response, WebError

# What is right to complain of while the server is away: of a socket, a file, or a part of the page asked for just then.
SERVER_AWAY = ("WebSocket", "net::ERR_", "htmx:sendError", "htmx:afterRequest")


class Watch:
    """Notes all that no page should do, whichever page of the context does it.

    Those are: errors on the console, which is also where Chromium says what the Content-Security-Policy refused (as
    asking another host is); exceptions that nobody caught; answers of 5xx.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.console: list[str] = []
        self.complaints: list[str] = []
        context.on("console", self._note_message)
        context.on("weberror", self._note_exception)
        context.on("response", self._note_response)

    def _note_message(self, message: ConsoleMessage) -> None:
        line = f"{message.type}: {message.text} ({message.location.get('url')})"
        self.console.append(line)
        if message.type == "error":
            self.complaints.append(line)

    def _note_exception(self, exception: WebError) -> None:
        self.complaints.append(f"exception: {exception.error}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"answer {response.status}: {response.request.method} {response.url}")

    def unexpected(self, expected: Collection[str]) -> list[str]:
        """The complaints that contain none of these texts."""
        for page in self.context.pages:
            hear_out(page)
        return [each for each in self.complaints if not any(text in each for text in expected)]

    def keep(self, folder: Path) -> str:
        """Stores a screenshot and the HTML of every page; returns what was on the console."""
        for number, page in enumerate(self.context.pages):
            with suppress(Error):  # a page that crashed has neither
                page.screenshot(path=folder / f"page-{number}.png")
                (folder / f"page-{number}.html").write_text(page.content())
        addresses = [f"at {page.url}" for page in self.context.pages]
        return "\n".join([*addresses, *self.console, *self.complaints])


def hear_out(page: Page) -> None:
    """What the page said before has arrived with its answer; one that is being led elsewhere, as it was signed out
    perhaps, answers from there."""
    try:
        page.evaluate("0")
    except Error:
        page.wait_for_load_state()
        page.evaluate("0")
