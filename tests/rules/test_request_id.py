import pytest

from rules import request_id


@pytest.mark.parametrize("offered", ["a", "deploy-17.3_b", "x" * 64])
def test_a_plain_id_of_the_caller_is_kept(offered: str) -> None:
    assert request_id.accept(offered) == offered


@pytest.mark.parametrize("offered", [None, "", "x" * 65, "a b", "a\nb", "a\n", "é", "<script>"])
def test_anything_else_is_replaced(offered: str | None) -> None:
    chosen = request_id.accept(offered)

    assert chosen != offered
    assert request_id.accept(chosen) == chosen
