"""Doing one thing in many threads at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

from rules.errors import LightdError

Result = TypeVar("Result")


def at_once(action: Callable[[int], Result], count: int) -> list[Result | LightdError]:
    """`action(0)` to `action(count - 1)`, each on a database connection of its own; refusals are results."""
    ready = Barrier(count)

    def run(index: int) -> Result | LightdError:
        try:
            ready.wait(timeout=30)
            return action(index)
        except LightdError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
