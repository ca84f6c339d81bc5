"""What the tab for sharing a container asks for; the API's own serializers and functions judge it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django import forms

from accounts.forms.permissions import PermissionsField
from accounts.permissions import GROUPS, Permission
from containers.models import Grant
from rules.forms import PageForm, literal


class Preset(NamedTuple):
    """A usual choice of permissions."""

    label: str
    permissions: list[str]


def presets(offered: Collection[Permission]) -> list[Preset]:
    """Each has what those before it have; and what its viewer may not give, none has."""
    look, use = GROUPS["Look at a container"], GROUPS["Use a container"]
    usual = {"Viewer": look, "Operator": (*look, *use), "Everything": tuple(offered)}
    return [Preset(label, [each.value for each in some if each in offered]) for label, some in usual.items()]


class GrantForm(PageForm):
    """One more user, and what they shall be allowed."""

    username = forms.CharField(label="User name", max_length=150, widget=literal(list="users"))

    def __init__(self, offered: Collection[Permission], data: Any = None) -> None:
        super().__init__(data)
        self.presets = presets(offered)
        self.fields["permissions"] = permissions_field(offered)


class GrantChangeForm(PageForm):
    """What somebody shall be allowed, in the place of what they were."""

    def __init__(self, offered: Collection[Permission], grant: Grant, data: Any = None) -> None:
        super().__init__(data, initial={"permissions": grant.permissions}, auto_id=f"id_{grant.pk}_%s")
        self.presets = presets(offered)
        self.fields["permissions"] = permissions_field(offered)


def permissions_field(offered: Collection[Permission]) -> PermissionsField:
    return PermissionsField(offered, label="Permissions", error_messages={"required": "Choose at least one."})


class ConsoleTokenForm(PageForm):
    """A token for a page of somebody else's."""

    ttl = forms.ChoiceField(
        label="Good for", initial="10m", choices=[("1m", "1 minute"), ("10m", "10 minutes"), ("1h", "1 hour")]
    )
    origin = forms.CharField(
        label="Page that shows the console",
        required=False,
        max_length=255,
        widget=literal("https://shop.example"),
        help_text="Its scheme, host and port. Empty: only pages that this site trusts anyway.",
    )
    write = forms.BooleanField(label="May also type into the console", required=False)

    def __init__(self, data: Any = None, *, may_write: bool) -> None:
        super().__init__(data)
        if not may_write:
            del self.fields["write"]
