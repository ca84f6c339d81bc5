from datetime import timedelta

import pytest

from accounts.tokens import parse_ttl
from rules.errors import Invalid


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("15m", timedelta(minutes=15)),
        ("1h", timedelta(hours=1)),
        ("7d", timedelta(days=7)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_a_number_and_a_unit_is_a_time_span(text: str, span: timedelta) -> None:
    assert parse_ttl(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "h", "1", "1w", "1H", "-1h", "1.5h", "1 h", " 1h", "1h\n", "0s", "3651d", "999999999d", "9" * 40 + "s", "١h"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="ttl must be"):
        parse_ttl(text)
