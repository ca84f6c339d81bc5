"""Limits are judged at little cost."""

from typing import Any

import pytest

from containers import limits
from rules.errors import Invalid


@pytest.mark.parametrize(
    ("memory", "sentence"),
    [
        ((6 << 20) - 1, "Memory limit must be at least 6291456 bytes (6 MiB)"),
        ((1 << 60) + 1, "Memory limit must be at most 1152921504606846976 bytes (1 EiB)"),
    ],
)
def test_memory_that_is_refused_says_which_way_it_is_out_of_bounds(memory: int, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        limits.refuse_bad_memory(memory)

    assert refused.value.sentence == sentence


@pytest.mark.django_db
def test_a_long_list_of_cores_costs_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        limits.refuse_bad_cpuset(",".join(["0"] * 128))
