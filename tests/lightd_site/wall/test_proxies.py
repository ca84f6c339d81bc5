"""Whose word counts about a client's address, scheme and host."""

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from lightd_site.wall.proxies import SAID_BY_PROXIES, seen_through

LISTED = "10.0.0.9"


@pytest.fixture(autouse=True)
def _proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def see(peer: str, *headers: tuple[str, str], kind: str = "http") -> dict[str, Any]:
    given = [(name.encode(), value.encode("latin-1")) for name, value in (("host", "inner:8070"), *headers)]
    scheme = {"http": "http", "websocket": "ws"}[kind]
    return seen_through(
        {"type": kind, "scheme": scheme, "client": [peer, 4711], "root_path": "/evil", "headers": given}
    )


def forwarded(value: str) -> tuple[str, str]:
    return ("x-forwarded-for", value)


def test_nobody_else_is_believed() -> None:
    scope = see(
        "203.0.113.7", forwarded("198.51.100.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")
    )

    assert scope["client"] == ("203.0.113.7", 4711)
    assert scope["scheme"] == "http"
    assert scope["headers"] == [(b"host", b"inner:8070")]
    assert scope["root_path"] == ""


def test_a_listed_proxy_says_who_it_speaks_for() -> None:
    outside = ("x-forwarded-host", "panel.example")
    scope = see(LISTED, forwarded("198.51.100.1"), ("x-forwarded-proto", "https"), outside)

    assert scope["client"] == ("198.51.100.1", 0)
    assert scope["scheme"] == "https"
    assert dict(scope["headers"])[b"host"] == b"panel.example"
    assert see(LISTED, ("x-forwarded-proto", "https"), kind="websocket")["scheme"] == "wss"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what comes before the last, the client may have made up
        ("198.51.100.1, 10.1.1.1, fd00::1", "198.51.100.1"),  # proxies of ours, one behind the other
        ("10.1.1.1", "10.1.1.1"),
        ("198.51.100.1:5000", "198.51.100.1"),
        ("[2001:db8::1]:5000", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("unknown", LISTED),
        ("198.51.100.1, <script>, 10.1.1.1", "10.1.1.1"),
        ("", LISTED),
    ],
)
def test_the_client_is_the_last_that_is_no_proxy_of_ours(chain: str, client: str) -> None:
    assert see(LISTED, forwarded(chain))["client"][0] == client


def test_an_ipv4_address_is_one_within_an_ipv6_socket() -> None:
    assert see("::ffff:203.0.113.7")["client"][0] == "203.0.113.7"
    assert see("::ffff:10.0.0.9", forwarded("198.51.100.1"))["client"][0] == "198.51.100.1"


def test_several_headers_are_one_list() -> None:
    scope = see(LISTED, forwarded("1.1.1.1"), forwarded("198.51.100.1"))

    assert scope["client"][0] == "198.51.100.1"


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n")))
def test_no_header_breaks_it_or_stays(text: str) -> None:
    for peer in (LISTED, "203.0.113.7"):
        scope = see(peer, *((name.decode(), text) for name in sorted(SAID_BY_PROXIES)))
        assert not SAID_BY_PROXIES & {name for name, _ in scope["headers"]}
