"""What the test clients of Django and of the REST framework answer, and finding something in it."""

import html
import re
from typing import Any, Protocol


class Answer(Protocol):
    """An answer of either; their own types have no public names."""

    status_code: int

    @property
    def content(self) -> bytes: ...

    def json(self) -> Any: ...

    def get(self, header: str) -> str | None: ...

    def __getitem__(self, header: str) -> str: ...

    def __contains__(self, header: str) -> bool: ...


def text(answer: Answer) -> str:
    """The page, with its characters as people see them."""
    return html.unescape(answer.content.decode())


def shown(answer: Answer) -> str:
    """The page as it is written, in one line, for whoever is let in."""
    assert answer.status_code == 200, answer.content
    return " ".join(answer.content.decode().split())


def found(pattern: str, text: str) -> str:
    """What the pattern's group matches first, or all of it if it has none; fails, with the text, if nothing does."""
    match = re.search(pattern, text, re.DOTALL)
    assert match, f"{pattern} is not in: {text}"
    return match[match.lastindex or 0]
