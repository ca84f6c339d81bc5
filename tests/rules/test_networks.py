"""Whom an address stands for."""

import pytest

from rules.networks import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_what_one_subscriber_has_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
