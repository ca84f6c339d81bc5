"""The forms of the Settings tab. They say what was changed as a request of the API would; its serializers judge it.

Each carries along what it showed (`seen`): what was not touched is not sent, and what somebody else changed meanwhile
is noticed.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from rest_framework.serializers import CharField

from accounts.actor import Actor
from containers import limits
from containers.crashes import PAUSES
from containers.forms import LimitFields, LinesField, MountRow
from containers.models import Container, RestartPolicy
from containers.serializers.requests import MAX_STOP_TIMEOUT, PatchSerializer, ResourcesSerializer
from rules import units
from rules.errors import Invalid
from rules.forms import ListForm, PageForm, entries, literal
from rules.serializers import validated, validated_in_part

PATCHED = ("startup_command", "start_pattern", "stop_command", "stop_timeout", "restart_policy", "memory", "cpu")
POLICIES = {
    RestartPolicy.NEVER: "Never: it stays down",
    RestartPolicy.ON_CRASH: "After a crash: it ended with an error, ran out of memory, or the host went down",
    RestartPolicy.ALWAYS: "Always: also when it ended by itself without an error",
}


def shown_settings(actor: Actor, container: Container) -> dict[str, Any]:
    """What the form shows to this actor, by the names of the API."""
    mount = {"mount": container.mount} if actor.is_admin else {}
    return {name: getattr(container, name) for name in PATCHED} | mount


class SeenField(forms.JSONField):
    """What the form showed, by the names of the API."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, required=False)

    def clean(self, value: Any) -> dict[str, Any]:
        given = super().clean(value)
        return given if isinstance(given, dict) else {}


class SettingsForm(LimitFields, ListForm):
    """What can be changed at any time. `draft` is what was typed so far, to be shown and not judged yet."""

    # As the page has them.
    field_order = (
        "startup_command",
        "start_pattern",
        "stop_command",
        "stop_timeout",
        "restart_policy",
        "memory",
        "memory_unit",
        "cpu",
        "mount",
    )
    seen = SeenField()
    startup_command = LinesField(
        label="Startup command",
        rows=2,
        strip=False,
        help_text="Run by sh in /home/container. A change waits for the next start.",
    )
    start_pattern = forms.CharField(
        label="Start pattern",
        required=False,
        strip=False,
        widget=literal(r"Listening on port \d+", **{"class": "font-monospace"}),
        help_text="Running once the console matches this regular expression (RE2); empty: as soon as it has started. "
        "A change waits for the next start.",
    )
    stop_command = forms.CharField(
        label="Stop command",
        required=False,
        strip=False,
        widget=literal("stop", **{"class": "font-monospace"}),
        help_text="Typed into the console to stop it; empty: it is sent SIGTERM.",
    )
    stop_timeout = forms.IntegerField(
        label="Stop timeout",
        widget=forms.NumberInput(attrs={"min": 1, "max": MAX_STOP_TIMEOUT}),
        help_text="Seconds that it has to stop; then it is killed.",
    )
    restart_policy = forms.ChoiceField(
        label="Restart by itself", choices=[(each.value, words) for each, words in POLICIES.items()]
    )

    def __init__(
        self, actor: Actor, container: Container, data: QueryDict | None = None, draft: QueryDict | None = None
    ) -> None:
        super().__init__(data, initial=draft or initial_of(container))
        self.is_draft = draft is not None
        pauses = ", ".join(str(seconds) for seconds in PAUSES)
        self.fields["restart_policy"].help_text = (
            f"After a pause of {pauses} s. Having ended more than {settings.CRASH_LIMIT} times within "
            f"{settings.CRASH_WINDOW // 60} minutes it stays down. What you stop is never started again by itself."
        )
        if actor.is_admin:
            self.add_list("mount", "Host path", MountRow, mounts_in(container, data or draft))

    def changes(self) -> dict[str, Any]:
        """What is not as it was shown; refused as the API would."""
        return self._changed(validated(PatchSerializer, self._body()))

    def changes_in_part(self) -> tuple[dict[str, Any], list[Invalid]]:
        """Those of the changes that are right by themselves, and what is refused of the others."""
        wanted, refused = validated_in_part(PatchSerializer, self._body())
        return self._changed(wanted), refused

    def _changed(self, wanted: dict[str, Any]) -> dict[str, Any]:
        seen = self.cleaned_data.get("seen", {})
        return {name: value for name, value in wanted.items() if value != seen.get(name)}

    def _body(self) -> dict[str, Any]:
        """What was filled in, and could be read."""
        given = self.cleaned_data
        body = {name: given[name] for name in PATCHED if name in given and name not in ("memory", "cpu")}
        body["limits"] = {name: value for name, value in self.limits().items() if name in given}
        if "mount" in self.lists:
            rows = [row.cleaned_data for row in self.lists["mount"] if row.is_valid()]
            body["mount"] = {row["container_path"]: row["host_path"] for row in rows}
        return body


def initial_of(container: Container) -> dict[str, Any]:
    """The settings as the fields show them."""
    shown = {name: getattr(container, name) for name in PATCHED}
    memory, unit = units.in_unit(container.memory)
    return shown | {"memory": memory, "memory_unit": unit}


def mounts_in(container: Container, typed: QueryDict | None) -> list[dict[str, str]]:
    if typed is not None:
        return entries(MountRow, typed)
    return [{"container_path": target, "host_path": source} for target, source in container.mount.items()]


def shown_resources(container: Container) -> dict[str, Any]:
    """The limits of the second form, by the names of the API."""
    return {name: container.limit(name) for name in limits.RESOURCE_NAMES}


class ResourcesForm(PageForm):
    """Limits by Docker's own names and units, but for the memory, which stands with the settings."""

    seen = SeenField()

    def __init__(self, container: Container, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=shown_resources(container))
        described = ResourcesSerializer().fields
        for name in limits.RESOURCE_NAMES:
            kind = forms.CharField if isinstance(described[name], CharField) else forms.IntegerField
            self.fields[name] = kind(label=name, required=False, help_text=described[name].help_text or "")

    def clean(self) -> dict[str, Any]:
        seen = self.cleaned_data.get("seen") or {}
        for name in self.fields:
            if self.cleaned_data.get(name) in (None, "") and seen.get(name) is not None:
                self.add_error(name, "Docker can change this, and not take it away.")
        return self.cleaned_data

    def changes(self) -> dict[str, Any]:
        """What is not as it was shown; refused as the API would."""
        seen = self.cleaned_data["seen"]
        given = {name: value for name, value in self.cleaned_data.items() if name != "seen" and value not in (None, "")}
        changed = {name: value for name, value in given.items() if value != seen.get(name)}
        return validated(ResourcesSerializer, changed) if changed else {}
