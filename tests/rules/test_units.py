"""Memory as people fill it in."""

import pytest

from rules import units


@pytest.mark.parametrize(
    ("size", "filled_in"),
    [
        (None, (None, "MiB")),
        (0, ("0", "MiB")),
        (512 << 20, ("512", "MiB")),
        (1536 << 20, ("1536", "MiB")),
        (2 << 30, ("2", "GiB")),
        (6_500_000, ("6.19888305664062", "MiB")),
    ],
)
def test_the_largest_unit_without_a_fraction_is_filled_in(size: int | None, filled_in: tuple[str | None, str]) -> None:
    assert units.in_unit(size) == filled_in


@pytest.mark.parametrize("size", [None, 0, 1, 6_500_000, 512 << 20, 3 << 40])
def test_what_is_filled_in_and_sent_back_is_the_same(size: int | None) -> None:
    number, unit = units.in_unit(size)

    assert units.to_bytes(None if number is None else float(number), unit) == size


def test_without_a_unit_it_is_the_usual_one() -> None:
    assert units.to_bytes(1.5, "") == 1536 << 10
