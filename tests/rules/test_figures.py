"""How figures read."""

import pytest

from rules import figures


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (99.95 * 2**20, "100.0 MiB"),
        (512 * 2**20, "512 MiB"),
        (1.5 * 2**30, "1.5 GiB"),
        (3000 * 2**40, "3000 TiB"),
    ],
)
def test_bytes(count: float, said: str) -> None:
    assert figures.size(count) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 cores"), (0.5, "0.5 cores"), (1, "1 core"), (2.0, "2 cores")])
def test_cores(number: float, said: str) -> None:
    assert figures.cores(number) == said


@pytest.mark.parametrize(("used", "limit", "percent"), [(1, 3, 33), (0, 5, 0), (6, 4, 150), (0, 0, 100)])
def test_a_share(used: float, limit: float, percent: int) -> None:
    assert figures.share(used, limit) == percent


@pytest.mark.parametrize(
    ("used", "limit", "said"),
    [
        ("1.5 cores", "2 cores", "1.5 of 2 cores"),
        ("512 MiB", "2.0 GiB", "512 MiB of 2.0 GiB"),
        ("5 MB", "15 MB", "5 of 15 MB"),
        ("3", "5", "3 of 5"),
    ],
)
def test_a_part(used: str, limit: str, said: str) -> None:
    assert figures.part(used, limit) == said
