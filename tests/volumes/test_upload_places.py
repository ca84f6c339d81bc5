"""How many uploads there may be at once."""

from contextlib import ExitStack

import pytest

from accounts.models import User
from rules.errors import TooMany
from tests.people import client_of
from volumes import uploads
from volumes.uploads import AT_ONCE, AT_ONCE_OF_ONE, Places


def test_a_user_has_so_many_and_gets_a_new_one_for_each_that_ends() -> None:
    places = Places()
    with ExitStack() as others:
        for _ in range(AT_ONCE_OF_ONE - 1):
            others.enter_context(places.one(1))
        with places.one(1):
            with pytest.raises(TooMany, match="You have 8 uploads under way"), places.one(1):
                pass
            with places.one(2):
                pass
        with places.one(1):
            pass


def test_all_together_have_so_many() -> None:
    places = Places()
    with ExitStack() as others:
        for number in range(AT_ONCE):
            others.enter_context(places.one(number))
        with pytest.raises(TooMany, match="24 uploads are under way"), places.one(AT_ONCE):
            pass
    with places.one(AT_ONCE):
        pass


def test_one_too_many_is_told_when_to_come_back(alice: User) -> None:
    client = client_of(alice)
    with ExitStack() as others:
        for _ in range(AT_ONCE_OF_ONE):
            others.enter_context(uploads.places.one(alice.pk))

        answer = client.post("/volumes/none/upload?path=a", b"text", content_type="application/octet-stream")

    assert (answer.status_code, answer["Retry-After"]) == (429, "5")
    assert answer.json() == {"error": "You have 8 uploads under way; try again after one"}
