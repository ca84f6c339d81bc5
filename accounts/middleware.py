"""What happens around every request that may come from a browser."""

from collections.abc import Callable
from contextlib import suppress
from typing import cast

from django.db import OperationalError
from django.http import HttpRequest, HttpResponseBase

from accounts.sessions import SessionStore

Handler = Callable[[HttpRequest], HttpResponseBase]


def note_session(get_response: Handler) -> Handler:
    """Keeps with each session from where it is used, and when it last was."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        session = cast(SessionStore, request.session)
        session.comes_from(request)
        response = get_response(request)
        with suppress(OperationalError):  # the answer is worth more than the note
            session.note_use()
        return response

    return middleware
