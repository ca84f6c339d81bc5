"""What the pages of containers ask for. Each form says it as a request of the API would: the API's own serializers and
functions judge that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, cast
from uuid import uuid4

from django import forms
from django.http import QueryDict

from accounts.actor import Actor
from containers.limits import MIN_MEMORY
from containers.models import Container
from ports.models import HIGHEST_PORT, LOWEST_PORT, Protocol
from ports.pool import ANY_IPV4, Binding
from rules import units
from rules.forms import LITERAL, ListForm, PageForm, TypedNameForm, entries, literal
from volumes.models import Volume

MOST_VOLUMES = 200  # offered, the newest


class LinesField(forms.CharField):
    """Text of several lines, whose ends browsers send as `\\r\\n`."""

    def __init__(self, *, rows: int, editor: str = "", placeholder: str = "", **kwargs: Any) -> None:
        attributes = {**LITERAL, "rows": rows, "class": "font-monospace", "placeholder": placeholder}
        if editor:
            attributes["data-editor"] = editor
        super().__init__(widget=forms.Textarea(attrs=attributes), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")


class PortRow(PageForm):
    """One port: where it leads, and where it is reached."""

    container_port = forms.IntegerField(
        label="Container port",
        required=False,
        widget=forms.NumberInput(attrs={"placeholder": "Same", "min": LOWEST_PORT, "max": HIGHEST_PORT}),
    )
    protocol = forms.ChoiceField(
        label="Protocol", required=False, choices=[(each.value, each.value.upper()) for each in Protocol]
    )
    host_port = forms.CharField(label="Host port", required=False, widget=literal("Any free", list="free-ports"))

    def body(self) -> dict[str, Any]:
        given = self.cleaned_data
        wanted = {"container_port": given.get("container_port"), **host_port_of(given.get("host_port", ""))}
        wanted["protocol"] = given.get("protocol")
        return {name: value for name, value in wanted.items() if value not in ("", None)}


def host_port_of(text: str) -> dict[str, Any]:
    """`25565`; or `192.0.2.1:25565` and `[2001:db8::1]:25565`, on one address of the host."""
    ip, _, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit() and len(port) <= len(str(HIGHEST_PORT))
    return {"ip": ip.strip("[]"), "host_port": int(port) if is_number else port}


def host_port_shown(ip: str, port: int) -> str:
    """The other way round."""
    if ip == ANY_IPV4:
        return str(port)
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


class MountRow(PageForm):
    """A path of the host, and where it is in the container."""

    container_path = forms.CharField(label="Path in the container", widget=literal("/data"))
    host_path = forms.CharField(label="Path on the host", widget=literal("/srv/data"))


class LimitFields(PageForm):
    """What a container may take; an empty field is no limit."""

    plain_words: ClassVar = {f"Memory limit must be at least {MIN_MEMORY} bytes (6 MiB)": "At least 6 MiB."}

    memory = forms.FloatField(
        label="Memory",
        required=False,
        max_value=units.MOST,
        widget=forms.NumberInput(attrs={"placeholder": "No limit", "min": 0}),
    )
    memory_unit = forms.ChoiceField(label="Unit", required=False, choices=[(unit, unit) for unit in units.UNITS])
    cpu = forms.FloatField(
        label="CPU",
        required=False,
        help_text="Cores; a half is 0.5.",
        widget=forms.NumberInput(attrs={"placeholder": "No limit", "min": 0}),
    )

    def limits(self) -> dict[str, int | float | None]:
        """As the API is asked for them: memory in bytes, CPU in cores."""
        given = self.cleaned_data
        memory = units.to_bytes(given.get("memory"), given.get("memory_unit", ""))
        return {"memory": memory, "cpu": given.get("cpu")}


class CreateForm(LimitFields, ListForm):
    """A new container. `draft` is what was typed so far, to be shown and not judged yet."""

    plain_words: ClassVar = LimitFields.plain_words | {
        "This value does not match the required pattern.": "Begin with a letter or digit; then letters, "
        "digits, _ . and -; at most 63."
    }
    # As the page has them.
    field_order = (
        "internal_id",
        "image",
        "volume_id",
        "owner",
        "startup_command",
        "start_pattern",
        "ports",
        "memory",
        "memory_unit",
        "cpu",
        "install_script",
        "mount",
    )

    internal_id = forms.CharField(
        label="Name",
        widget=literal("my-server-001", autofocus="autofocus"),
        help_text="Letters, digits, _ . and -. It stays: it is the container's address.",
    )
    image = forms.CharField(
        label="Image",
        widget=literal("debian:bookworm", list="images"),
        help_text="Pulled if it is not on the host yet.",
    )
    volume_id = forms.CharField(
        label="Volume", widget=forms.Select, help_text="What is in /home/container. It outlives the container."
    )
    startup_command = LinesField(
        label="Startup command",
        rows=2,
        strip=False,
        help_text="Run by sh in /home/container at each start. Variables stand before it: EULA=TRUE ./start.sh",
    )
    start_pattern = forms.CharField(
        label="Start pattern",
        required=False,
        strip=False,
        widget=literal(r"Listening on port \d+", **{"class": "font-monospace"}),
        help_text="Running once the console matches this regular expression (RE2); empty: as soon as it has started.",
    )
    install_script = LinesField(
        label="Install script",
        rows=8,
        editor="shell",
        required=False,
        strip=False,
        help_text="Run once, as root, in the container that will run; it succeeds with exit code 0. Empty: none.",
    )
    owner = forms.CharField(
        label="Owner", required=False, widget=literal(list="users"), help_text="A user name; empty: yourself."
    )

    def __init__(self, actor: Actor, data: QueryDict | None = None, draft: QueryDict | None = None) -> None:
        super().__init__(data, initial=draft)
        given = data or draft or QueryDict()
        offered = cast(forms.Select, self.fields["volume_id"].widget)
        offered.choices = volumes_to_choose(actor, given.get("volume_id", ""))
        self.add_list("ports", "Port", PortRow, entries(PortRow, given))
        if actor.is_admin:
            self.add_list("mount", "Host path", MountRow, entries(MountRow, given))
        else:
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        paths = [row.cleaned_data.get("container_path") for row in self.lists.get("mount", ()) if row.is_valid()]
        for twice in {path for path in paths if paths.count(path) > 1}:
            self.lists["mount"].place("", [f"Container path is already used: {twice}"])
        return self.cleaned_data

    def body(self) -> dict[str, Any]:
        """The body of the request; what is empty and not needed is left out."""
        given = self.cleaned_data
        needed = ("internal_id", "image", "volume_id", "startup_command")
        optional = {
            "start_pattern": given.get("start_pattern"),
            "ports": ports_in(self),
            "limits": {name: limit for name, limit in self.limits().items() if limit is not None},
            "mount": self._mount(),
            "install_script": given.get("install_script"),
            "owner": given.get("owner"),
        }
        return {name: given.get(name, "") for name in needed} | {n: value for n, value in optional.items() if value}

    def _mount(self) -> dict[str, str]:
        rows = [row.cleaned_data for row in self.lists.get("mount", ()) if row.is_valid()]
        return {row["container_path"]: row["host_path"] for row in rows}


def ports_in(form: ListForm) -> list[dict[str, Any]]:
    """The ports of a form's rows, as a request lists them."""
    return [row.body() for row in form.lists["ports"] if isinstance(row, PortRow)]


def volumes_to_choose(actor: Actor, chosen: str) -> list[tuple[str, str]]:
    """A new one, whose id is made here so that asking twice makes no two; and the actor's own."""
    mine = Volume.objects.filter(owner=actor.user).prefetch_related("containers").order_by("-created_at")[:MOST_VOLUMES]
    known = [(str(volume.pk), volume_label(volume)) for volume in mine]
    is_known = not chosen or any(chosen == volume_id for volume_id, _ in known)
    return [(str(uuid4()) if is_known else chosen, "A new, empty volume"), *known]


def volume_label(volume: Any) -> str:
    """By who uses it: its id says nothing to people."""
    users = ", ".join(container.internal_id for container in volume.containers.all())
    return f"{volume.short}… ({users or 'not in use'}, since {volume.created_at:%-d %b %Y})"


class DeleteForm(TypedNameForm):
    """The name of the container that is to be deleted; and of its `volume`, where that may go with it."""

    with_volume = forms.BooleanField(label="Delete its volume and backups too", required=False)
    volume_name = forms.CharField(required=False, widget=literal())

    def __init__(self, container: Container, volume: Volume | None, data: QueryDict | None = None) -> None:
        super().__init__(container.internal_id, data)
        if volume is None:
            del self.fields["with_volume"], self.fields["volume_name"]
            return
        self._volume = volume.short
        self.fields["volume_name"].label = f"Type {volume.short} to delete its volume and backups"
        self.fields["volume_name"].widget.attrs["data-typed"] = volume.short

    def clean_volume_name(self) -> str:
        typed: str = self.cleaned_data["volume_name"]
        if self.cleaned_data["with_volume"] and typed != self._volume:
            raise forms.ValidationError(f"This is not {self._volume}.")
        return typed


class RebindForm(ListForm):
    """Other ports; `rows` is what stands in it, to be shown and not judged yet."""

    def __init__(self, data: QueryDict | None = None, rows: Iterable[dict[str, Any]] = ()) -> None:
        super().__init__(data)
        self.add_list("ports", "Port", PortRow, rows if data is None else entries(PortRow, data))

    def body(self) -> dict[str, Any]:
        return {"ports": ports_in(self)}


def ports_of(bindings: Iterable[Binding]) -> list[dict[str, Any]]:
    """What the rows of a form say of ports that are there."""
    return [
        {
            "container_port": each.container_port,
            "protocol": each.protocol,
            "host_port": host_port_shown(each.ip, each.host_port),
        }
        for each in bindings
    ]


class ReinstallForm(PageForm):
    """The image and the script to install from, those of the last time unless changed."""

    image = forms.CharField(label="Image", widget=literal(list="images"))
    install_script = LinesField(
        label="Install script", rows=8, editor="shell", required=False, strip=False, help_text="Empty: none."
    )

    def __init__(self, container: Container, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"image": container.image, "install_script": container.install_script})

    def body(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("image", "install_script")}
