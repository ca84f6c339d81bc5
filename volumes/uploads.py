"""Files as the body of a request brings them: taken apart as it comes, and never held as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import FIELD, FILE, RAW, LazyStream, MultiPartParserError, Parser

from rules.errors import Invalid, LightdError, TooMany

FORM = "multipart/form-data"
PIECE = 256 << 10  # bytes
LONGEST_BOUNDARY = 70  # RFC 2046
# Uploads that this process takes in at once: each has a thread and a connection to the database while it comes, and
# PostgreSQL has a hundred of these for everybody.
AT_ONCE = 24
AT_ONCE_OF_ONE = 8
_TRY_AGAIN_IN = 5.0  # seconds


class CutOff(LightdError):
    """What the client still hears if it is the server that ends: the same request may succeed later."""

    status = 408


class Places:
    """So many for each user, and so many for all."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken: Counter[int] = Counter()  # by the user's key

    @contextmanager
    def one(self, user_id: int) -> Iterator[None]:
        """Around an upload. Raises TooMany if there is no place for it."""
        with self._lock:
            if self._taken[user_id] >= AT_ONCE_OF_ONE:
                raise TooMany(f"You have {AT_ONCE_OF_ONE} uploads under way; try again after one", _TRY_AGAIN_IN)
            if self._taken.total() >= AT_ONCE:
                raise TooMany(f"{AT_ONCE} uploads are under way; try again in a moment", _TRY_AGAIN_IN)
            self._taken[user_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[user_id] -= 1


places = Places()


@dataclass(frozen=True)
class Part:
    """A file of a form: its name with the folders before it, and its bytes, to be taken before the next part."""

    name: str
    pieces: Iterator[bytes]


def pieces_of(request: HttpRequest) -> Iterator[bytes]:
    """The body as it is."""
    try:
        while piece := request.read(PIECE):
            yield piece
    except UnreadablePostError:
        raise CutOff("The upload was cut off") from None


def parts_of(request: HttpRequest) -> Iterator[Part]:
    """The files of a form, one after the other."""
    stream: Any = LazyStream(pieces_of(request))  # type: ignore[arg-type]  # any iterator will do
    kind: str = RAW
    try:
        for kind, headers, pieces in Parser(stream, _boundary(request)):
            if kind == FIELD:
                raise Invalid("The form may have files only")
            if kind == FILE:
                parameters: Any = headers["content-disposition"][1]
                yield Part(parameters["filename"].decode(), iter(pieces))
    except MultiPartParserError as error:
        raise Invalid(f"The form is not valid: {error}") from None
    if kind != RAW:  # what is behind the last boundary
        raise Invalid("The form ends before its last boundary")


def is_form(request: HttpRequest) -> bool:
    return request.content_type == FORM


def _boundary(request: HttpRequest) -> bytes:
    """What separates the parts."""
    boundary = (request.content_params or {}).get("boundary", "")
    if not 0 < len(boundary) <= LONGEST_BOUNDARY or not boundary.isascii():
        raise Invalid("The form has no valid boundary")
    return boundary.encode()
