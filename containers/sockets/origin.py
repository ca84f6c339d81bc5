"""Whose page opens a socket. A browser says so truly, in `Origin`; programs send none."""

from __future__ import annotations

from enum import Enum, auto
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


class Origin(Enum):
    NONE = auto()  # no browser, or none that is in a page
    OURS = auto()  # the cookie that comes with it is meant
    LISTED = auto()  # in LIGHTD_CORS_ORIGINS: good with a token, while the cookie, if one comes, says nothing
    FOREIGN = auto()


def origin_of(origin: str, host: str) -> Origin:
    """What the headers `Origin` and `Host` say.

    A host that is not in LIGHTD_ALLOWED_HOSTS makes every page foreign: a name that an attacker lets point to us is
    the origin of their page as well.
    """
    if not origin:
        return Origin.NONE
    domain, _ = split_domain_port(host)
    if not validate_host(domain, settings.ALLOWED_HOSTS):
        return Origin.FOREIGN
    if urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS:
        return Origin.OURS
    return Origin.LISTED if origin in settings.CORS_ALLOWED_ORIGINS else Origin.FOREIGN
