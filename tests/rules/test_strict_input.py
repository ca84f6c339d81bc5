from typing import Any

import pytest

from rules.errors import Invalid
from rules.serializers import (
    StrictBooleanField,
    StrictCharField,
    StrictFloatField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)


class Everything(StrictSerializer):
    text = StrictCharField(required=False)
    count = StrictIntegerField(required=False)
    share = StrictFloatField(required=False)
    flag = StrictBooleanField(required=False)


def test_values_of_the_right_type_are_taken() -> None:
    given = {"text": "a", "count": 1, "share": 0.5, "flag": True}

    assert validated(Everything, given) == given


def test_a_number_without_fraction_is_a_float_too() -> None:
    assert validated(Everything, {"share": 2}) == {"share": 2.0}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("text", True),
        ("text", ["a"]),
        ("count", "5"),
        ("count", 5.0),
        ("count", True),
        ("share", "0.5"),
        ("share", False),
        ("flag", "true"),
        ("flag", 1),
        ("flag", "off"),
        ("text", None),
    ],
)
def test_nothing_is_converted_silently(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        validated(Everything, {field: value})

    assert list(refusal.value.details or {}) == [field]


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        validated(Everything, {"txet": "a"})

    assert refusal.value.details == {"txet": ["Unknown field."]}
