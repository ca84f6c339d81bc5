"""The panel for SFTP below a container's files: the viewer's own name, password and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.views.decorators.cache import never_cache

from accounts.actor import actor_of
from accounts.permissions import Permission
from containers.access import find, may
from containers.models import SftpAccess
from containers.sftp import credentials, serializers
from containers.sftp.serializers import KeyRequest
from containers.sftp_forms import KeyForm
from rules.errors import LightdError
from rules.pages import action, page, saying
from rules.pages import show as show_form
from rules.serializers import validated


@dataclass(frozen=True)
class Door:
    """Where the files are by SFTP, and what opens them."""

    access: SftpAccess
    host: str
    port: int
    host_key: str | None

    @property
    def address(self) -> str:
        """As clients with a field for it take it."""
        return f"sftp://{quote(self.access.username, safe='')}@{self.host}:{self.port}"

    @property
    def command(self) -> str:
        """As OpenSSH's own client takes it."""
        return f"sftp -P {self.port} {self.access.username}@{self.host}"


@never_cache
@page
def show(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Asked for when it is opened."""
    return _panel(request, internal_id, KeyForm())


@never_cache
@action
def make_password(request: HttpRequest, internal_id: str) -> HttpResponse:
    """A new one. It is in the answer to the request that makes it, and in no other page."""
    _, password = credentials.make(actor_of(request), internal_id)
    return _panel(request, internal_id, KeyForm(), password=password)


@never_cache
@action
def end(request: HttpRequest, internal_id: str) -> HttpResponse:
    """Take the viewer's name, password and keys away."""
    credentials.end(actor_of(request), internal_id)
    return saying(_panel(request, internal_id, KeyForm(), at="sftp"), "SFTP access is removed")


@never_cache
@action
def add_key(request: HttpRequest, internal_id: str) -> HttpResponse:
    actor = actor_of(request)
    find(actor, internal_id, Permission.FILES_READ)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _panel(request, internal_id, form)
    try:
        credentials.add_key(actor, internal_id, **validated(KeyRequest, form.filled()))
    except LightdError as error:
        return _panel(request, internal_id, form, error)
    return saying(_panel(request, internal_id, KeyForm(), at="keys"), "The key is added")


@never_cache
@action
def remove_key(request: HttpRequest, internal_id: str, key_id: UUID) -> HttpResponse:
    """What is connected with it is ended."""
    credentials.remove_key(actor_of(request), internal_id, str(key_id))
    return saying(_panel(request, internal_id, KeyForm(), at="keys"), "The key is removed")


def _panel(
    request: HttpRequest, internal_id: str, form: KeyForm, error: LightdError | None = None, **context: Any
) -> HttpResponse:
    """The part of the page that each change of it answers with.

    Args:
        context: `password`, if one was just made; `at`, the heading that has the focus.
    """
    actor = actor_of(request)
    container = find(actor, internal_id, Permission.FILES_READ)
    access = credentials.own(actor.user, container).first()
    return show_form(
        request,
        "containers/sftp/_panel.html",
        form,
        error,
        id=internal_id,
        off=credentials.why_off(),
        door=_door(request, access) if access else None,
        keys=list(access.keys.all()) if access else [],
        may_write=may(actor, Permission.FILES_WRITE, container),
        **context,
    )


def _door(request: HttpRequest, access: SftpAccess) -> Door:
    site, _ = split_domain_port(request.get_host())
    shown = serializers.access(access, site)
    return Door(access, shown["host"], shown["port"], shown["host_key"])
