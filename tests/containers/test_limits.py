"""Limits are judged at little cost."""

from typing import Any

import pytest

from containers import limits


@pytest.mark.django_db
def test_a_long_list_of_cores_costs_one_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        limits.refuse_bad_cpuset(",".join(["0"] * 128))
