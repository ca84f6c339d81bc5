"""The errors of the whole site: raised where the rule is, shown by one handler a door."""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Any, Self

Details = dict[str, list[str]]
Check = Callable[[], Any]


class LightdError(Exception):
    """A refusal with the sentence that the caller is to read.

    `details` maps the name of a field to what is wrong with it. `field` names the one field that it is about where the
    API's answer is the sentence alone: a page shows it there.
    """

    status = 500
    retry_after: int | None = None  # seconds, if the same may succeed then

    def __init__(self, sentence: str, details: Details | None = None, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details
        self.field = field


class Invalid(LightdError):
    status = 400

    @classmethod
    def at(cls, field: str, sentence: str) -> Self:
        """About one field, in a sentence that says which."""
        return cls(sentence, {field: [sentence]})

    @classmethod
    def named(cls, field: str, sentence: str) -> Self:
        """The same in a sentence that needs the field's name before it; without its full stop."""
        return cls(f"{field}: {sentence}", {field: [f"{sentence}."]})


class Unauthenticated(LightdError):
    status = 401


class Forbidden(LightdError):
    status = 403


class NotFound(LightdError):
    status = 404


class Conflict(LightdError):
    status = 409


class TooLarge(LightdError):
    status = 413


class TooMany(LightdError):
    """Asked too often, for so many seconds to come."""

    status = 429

    def __init__(self, sentence: str, wait: float) -> None:
        super().__init__(sentence)
        self.retry_after = max(1, ceil(wait))


class OutOfSpace(LightdError):
    """There is no room left for what is to be kept."""

    status = 507


class Unavailable(LightdError):
    """Something needed is away for now; the same request may succeed later."""

    status = 503
    retry_after = 1


class EngineUnavailable(Unavailable):
    """The Docker engine does not answer."""


def refusals(checks: Iterable[Check]) -> Iterator[LightdError]:
    """What each of the checks refuses, for who is to be told all of it at once."""
    for check in checks:
        try:
            check()
        except LightdError as error:
            yield error
