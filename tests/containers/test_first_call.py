"""The first call that a process makes with a time-out of its own, while the engine is away."""

from collections.abc import Callable
from functools import partial

import pytest

from containers.engine import client
from containers.engine.errors import EngineUnavailable


@pytest.mark.parametrize(
    "call",
    [
        partial(client.changed_files, "a" * 64),
        partial(client.flatten, "a" * 64, "lightd/image:tag"),
        partial(client.update, "a" * 64, {}),
    ],
    ids=["changed_files", "flatten", "update"],
)
def test_it_says_that_the_engine_is_away(engine_away: None, call: Callable[[], object]) -> None:
    with pytest.raises(EngineUnavailable):
        call()
