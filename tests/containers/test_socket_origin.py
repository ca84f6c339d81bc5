"""Whose page may open a socket."""

import pytest
from pytest_django import Settings

from containers.sockets.origin import Origin, origin_of


@pytest.mark.parametrize(
    ("origin", "host", "whose"),
    [
        ("", "lightd.example", Origin.NONE),
        ("https://lightd.example", "lightd.example", Origin.OURS),
        ("http://lightd.example:8070", "lightd.example:8070", Origin.OURS),
        ("http://[::1]:8070", "[::1]:8070", Origin.OURS),
        ("https://panel.example", "lightd.example", Origin.OURS),
        ("https://shop.example", "lightd.example", Origin.LISTED),
        ("http://shop.example", "lightd.example", Origin.FOREIGN),
        ("https://lightd.example:8071", "lightd.example", Origin.FOREIGN),
        ("https://lightd.example.evil", "lightd.example", Origin.FOREIGN),
        ("https://evil", "evil", Origin.FOREIGN),
        ("null", "lightd.example", Origin.FOREIGN),
        ("https://evil@lightd.example", "lightd.example", Origin.FOREIGN),
        ("x", "", Origin.FOREIGN),
    ],
)
def test_whose_page_it_is(settings: Settings, origin: str, host: str, whose: Origin) -> None:
    settings.ALLOWED_HOSTS = ["lightd.example", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://panel.example"]
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]

    assert origin_of(origin, host) is whose
