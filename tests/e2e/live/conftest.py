from collections.abc import Callable

import pytest

Show = Callable[[str], None]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Prints a figure for whoever runs the tests, also when they pass."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n    {line}")

    return show
