"""The rows: a container, the jobs that act on it, the events that happened to it, and who is alive."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, TypedDict

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from containers.states import State
from volumes.models import Volume
from work.models import Work

INTERNAL_ID_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}\Z"
# Columns of a container that may be of any length: who looks at many defers them.
LONG = ("startup_command", "start_pattern", "install_script", "stop_command")


def default_stop_timeout() -> int:
    """Seconds between the stop signal and SIGKILL for a container that sets none."""
    return int(settings.STOP_TIMEOUT)


def containers_root() -> Path:
    """Where the directories of all containers are."""
    return Path(settings.STORAGE_ROOT) / "containers"


def directory_of(container_id: uuid.UUID) -> Path:
    """Our own files of a container: its data directory and its console. Keyed by `id`, never by user text."""
    return containers_root() / str(container_id)


def install_state(state: str, *, installed: bool) -> str:
    """`installing`, `ready` or `failed`: the contract's narrow view of the state."""
    if state == State.INSTALLING:
        return "installing"
    return "ready" if installed else "failed"


class RestartPolicy(models.TextChoices):
    """What happens when the process ends without having been asked to."""

    NEVER = "never"
    ON_CRASH = "on-crash"
    ALWAYS = "always"


class Container(models.Model):
    """A container as its owner sees it. It outlives the Docker containers that are made for it.

    Nothing but `containers.states.move` writes `state`, with what else becomes true at that moment.
    """

    class LastEnd(models.TextChoices):
        """How a process ended, by the kind of the event that told it."""

        EXIT = "exit"
        CRASHED = "crashed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    internal_id = models.CharField(max_length=63, unique=True, validators=[RegexValidator(INTERNAL_ID_PATTERN)])
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="containers")
    volume = models.ForeignKey(Volume, on_delete=models.PROTECT, related_name="containers")

    image = models.CharField(max_length=512)
    startup_command = models.TextField()
    start_pattern = models.TextField(blank=True)
    install_script = models.TextField(blank=True)
    mount = models.JSONField(default=dict, blank=True, help_text="Container path to host path.")
    memory = models.BigIntegerField(null=True, blank=True, help_text="Limit in bytes; empty: none.")
    cpu = models.FloatField(null=True, blank=True, help_text="Limit in cores; empty: none.")
    stop_command = models.TextField(blank=True, help_text="Typed into the console to stop; empty: SIGTERM.")
    stop_timeout = models.PositiveIntegerField(
        default=default_stop_timeout, help_text="Seconds from the stop request to SIGKILL."
    )
    restart_policy = models.CharField(max_length=8, choices=RestartPolicy.choices, default=RestartPolicy.NEVER)
    resources = models.JSONField(
        default=dict, blank=True, help_text="Limits beside memory and cpu, by their names in the API."
    )

    state = models.CharField(max_length=10, choices=State.choices, default=State.INSTALLING)
    installed = models.BooleanField(default=False, help_text="The last installation succeeded.")
    should_run = models.BooleanField(
        default=False, help_text="Recorded before acting: whether the process is meant to run."
    )
    restart_at = models.DateTimeField(
        null=True, blank=True, help_text="While `starting`: when the pause after a crash ends."
    )
    stale = models.BooleanField(
        default=False, help_text="A setting changed that the next start has to make the container anew for."
    )
    docker_id = models.CharField(max_length=64, blank=True, help_text="Docker's full id; empty: none yet.")
    committed_image = models.CharField(
        max_length=255, blank=True, help_text="Image holding the container's own file system after a recreate."
    )
    error = models.TextField(blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    install_exit_code = models.IntegerField(null=True, blank=True)
    deadline_at = models.DateTimeField(
        null=True, blank=True, help_text="When the install script or the graceful stop has taken too long."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    last_end = models.CharField(
        max_length=7, choices=LastEnd.choices, blank=True, help_text="Written by `containers.events`; empty: never ran."
    )
    deleting_at = models.DateTimeField(null=True, blank=True, help_text="Set while it is being deleted.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("internal_id",)
        indexes = (
            models.Index(fields=("state", "last_end"), name="container_by_look"),
            models.Index(fields=("owner", "internal_id"), name="container_of_owner"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="container_state_known"),
            models.CheckConstraint(
                condition=models.Q(cpu__isnull=True) | models.Q(cpu__gt=0), name="container_cpu_positive"
            ),
        )

    def __str__(self) -> str:
        return self.internal_id

    @property
    def container_id(self) -> str | None:
        """Docker's short id: 12 hex digits, None before creation."""
        return self.docker_id[:12] or None

    @property
    def install_state(self) -> str:
        return install_state(self.state, installed=self.installed)

    def limit(self, name: str) -> Any:
        """A limit by its name in the API; None: not set."""
        return getattr(self, name) if name in ("memory", "cpu") else self.resources.get(name)

    def set_limit(self, name: str, value: Any) -> None:
        if name in ("memory", "cpu"):
            setattr(self, name, value)
        else:
            kept = {key: held for key, held in self.resources.items() if key != name}
            self.resources = kept if value is None else kept | {name: value}

    @property
    def directory(self) -> Path:
        return directory_of(self.id)

    @property
    def data(self) -> Path:
        """What the container sees of it, read-only: the scripts that it is started with."""
        return self.directory / "data"


class Grant(models.Model):
    """What a user may do to a container that is not theirs. Any permission includes seeing it."""

    container = models.ForeignKey(Container, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    permissions: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("user__username",)
        constraints = (models.UniqueConstraint(fields=("container", "user"), name="grant_once"),)

    def __str__(self) -> str:
        return f"{self.user} on {self.container}"


class SftpAccess(models.Model):
    """How a user gets at a container's files by SFTP: a name of its own, with a password, keys, or both.

    It gives no right: what the user may do to the container's files, they may do there.
    """

    container = models.ForeignKey(Container, on_delete=models.CASCADE, related_name="sftp_accesses")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sftp_accesses")
    username = models.CharField(max_length=255, unique=True)
    password = models.CharField(max_length=128, blank=True, help_text="Hashed; empty: keys alone.")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("username",)
        verbose_name_plural = "SFTP accesses"
        constraints = (models.UniqueConstraint(fields=("container", "user"), name="sftp_access_once"),)

    def __str__(self) -> str:
        return self.username


class SftpKey(models.Model):
    """A public key that opens an SFTP access."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    access = models.ForeignKey(SftpAccess, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=50, help_text="As OpenSSH names it, such as ssh-ed25519.")
    fingerprint = models.CharField(max_length=50, help_text="SHA-256, as OpenSSH shows it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (models.UniqueConstraint(fields=("access", "fingerprint"), name="sftp_key_once"),)

    def __str__(self) -> str:
        return self.name or self.fingerprint


class CommandHistory(models.Model):
    """What one user typed into one console lately, the latest last: there to be recalled on any of their devices.

    Commands may hold secrets. They are shown to the one who typed them and to nobody else, and written nowhere else.
    """

    container = models.ForeignKey(Container, on_delete=models.CASCADE, related_name="command_histories")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="command_histories")
    commands: models.JSONField[list[str], list[str]] = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("container", "user"), name="command_history_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.container}"


class JobArgs(TypedDict, total=False):
    """What a job is to do, and how far it is: whoever goes on with it when its worker is gone has nothing else."""

    # Any that makes a container.
    made_from: dict[str, Any]  # settings of the row at that moment, which may have been changed since
    # INSTALL
    missing_host_paths: list[str]  # that it makes
    waits_until: float  # Unix seconds; the old process has time to end
    # START
    alone: bool  # what a job that was undone left beside the container is to be removed
    restart: bool  # the second half of one
    automatic: bool  # after a crash
    launched: bool  # Docker may have been asked
    # STOP, KILL
    missed: bool  # it came before the process that it was to end
    # REBIND, and START when it makes the container anew
    old_docker_id: str
    old_image: str  # that the old one was committed to; empty: none
    # REBIND
    ports: list[list[Any]]  # each as a `ports.pool.Binding` is made from it
    to_be_asked: bool  # the old process, to end
    # UPDATE
    settings: dict[str, Any]  # their new values by the API's names
    limits: dict[str, Any]  # the same in Docker's terms


class Job(Work):
    """One thing that a worker does to one container."""

    class Kind(models.TextChoices):
        INSTALL = "install"
        START = "start"
        STOP = "stop"
        KILL = "kill"
        REBIND = "rebind"
        UPDATE = "update"

    # Jobs that replace or begin a process exclude each other; a signal (stop, kill) may come at any time.
    EXCLUSIVE = (Kind.INSTALL, Kind.START, Kind.REBIND)
    SIGNALS = (Kind.STOP, Kind.KILL)
    # Those that may have to wait: for the end of a process, or for another job.
    PATIENT = (Kind.INSTALL, Kind.REBIND, Kind.UPDATE)

    container = models.ForeignKey(Container, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    args: models.JSONField[JobArgs, JobArgs] = models.JSONField(default=dict)

    class Meta(Work.Meta):
        indexes = (models.Index(fields=("status", "queued_at"), name="job_unfinished"),)
        constraints = (
            models.UniqueConstraint(
                fields=("container",),
                condition=models.Q(kind__in=("install", "start", "rebind"), status__in=("queued", "running")),
                name="job_one_exclusive_per_container",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.container_id}"


class Image(models.Model):
    """An image on the host, kept true by the supervisor alone."""

    docker_id = models.CharField(max_length=80, primary_key=True, help_text="Docker's full id.")
    names: models.JSONField[list[str], list[str]] = models.JSONField(default=list, help_text="References with a tag.")
    digests: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="References with a digest."
    )
    size = models.BigIntegerField(help_text="Bytes.")
    created_at = models.DateTimeField(help_text="When it was made, wherever that was.")
    changed_at = models.DateTimeField(auto_now=True, help_text="When the row last changed.")

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return ", ".join(self.names or self.digests) or self.short_id

    @property
    def short_id(self) -> str:
        """12 hex digits, as Docker shows it."""
        return self.docker_id.partition(":")[2][:12]


class ImageJob(Work):
    """An image that is pulled or removed."""

    class Kind(models.TextChoices):
        PULL = "pull"
        REMOVE = "remove"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    image = models.CharField(max_length=300, help_text="The reference that is pulled, Docker's id of what is removed.")
    shown = models.CharField(max_length=300, help_text="What people call it.")
    percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the bytes of a pull, once known.")
    total = models.BigIntegerField(default=0, help_text="Bytes of a pull, as far as known.")

    class Meta(Work.Meta):
        indexes = (models.Index(fields=("status", "queued_at"), name="image_job_unfinished"),)
        constraints = (
            models.UniqueConstraint(
                fields=("image",), condition=models.Q(status__in=("queued", "running")), name="image_job_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.shown}"


class Event(models.Model):
    """One thing that happened, written in the transaction it reports: activity page, audit trail and outbox in one."""

    class Kind(models.TextChoices):
        INSTALLING = "installing"
        PULLING = "pulling"
        PULLED = "pulled"
        CREATED = "created"
        INSTALL_STARTED = "install_started"
        INSTALLED = "installed"
        STARTING = "starting"
        STARTED = "started"
        RUNNING = "running"
        STOPPING = "stopping"
        KILLING = "killing"
        EXIT = "exit"
        CRASHED = "crashed"
        STAYS_DOWN = "stays_down"
        SETTINGS = "settings"
        REBINDING = "rebinding"
        REBOUND = "rebound"
        REBIND_FAILED = "rebind_failed"
        FAILED = "failed"
        DELETED = "deleted"

    TROUBLE = (Kind.CRASHED, Kind.STAYS_DOWN, Kind.REBIND_FAILED, Kind.FAILED)

    id = models.BigAutoField(primary_key=True)
    container = models.ForeignKey(Container, on_delete=models.SET_NULL, null=True, related_name="events")
    container_uuid = models.UUIDField(help_text="Stays when the container is gone.")
    internal_id = models.CharField(max_length=63, db_index=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    message = models.TextField(blank=True)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict, blank=True)
    actor = models.CharField(max_length=255, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    relayed = models.BooleanField(default=False, help_text="Sent to the channel layer by the supervisor.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("container", "-id"), name="event_of_container"),
            models.Index(fields=("id",), condition=models.Q(relayed=False), name="event_outbox"),
            models.Index(fields=("created_at",), name="event_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.internal_id} {self.kind}"

    @property
    def is_trouble(self) -> bool:
        return self.kind in self.TROUBLE


class Installation(models.Model):
    """Which storage root this database belongs to, by the id that is kept there as well. One row."""

    id = models.CharField(primary_key=True, max_length=16)

    def __str__(self) -> str:
        return self.id


class Heartbeat(models.Model):
    """A sign of life of a role (`power`, `installs`, `supervisor`), with what it knows; read by health checks."""

    role = models.CharField(max_length=32, primary_key=True)
    beat_at = models.DateTimeField()
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.role


class Sample(models.Model):
    """What a container (or, without one, the host) used during a stretch of time.

    Minutes are kept for a day, quarter hours for a month, hours for a year. CPU in percent, 100 a core; memory and
    disk in bytes; network and block figures are bytes moved during the stretch.
    """

    class Span(models.IntegerChoices):
        """Seconds that a row stands for."""

        MINUTE = 60
        QUARTER = 900
        HOUR = 3600

    id = models.BigAutoField(primary_key=True)
    container = models.ForeignKey(Container, on_delete=models.CASCADE, null=True, related_name="samples")
    span = models.PositiveIntegerField(choices=Span.choices)
    at = models.DateTimeField(help_text="When the stretch begins.")
    cpu_average = models.FloatField()
    cpu_highest = models.FloatField()
    memory_average = models.BigIntegerField()
    memory_highest = models.BigIntegerField()
    disk = models.BigIntegerField(default=0)
    network_rx = models.BigIntegerField(default=0)
    network_tx = models.BigIntegerField(default=0)
    block_read = models.BigIntegerField(default=0)
    block_write = models.BigIntegerField(default=0)
    load = models.FloatField(default=0, help_text="The host's load average over a minute.")

    class Meta:
        ordering = ("at",)
        constraints = (
            models.UniqueConstraint(fields=("container", "span", "at"), name="sample_of_container_once"),
            models.UniqueConstraint(
                fields=("span", "at"), condition=models.Q(container=None), name="sample_of_host_once"
            ),
        )
        indexes = (models.Index(fields=("span", "at"), name="sample_by_age"),)

    def __str__(self) -> str:
        return f"{self.container_id or 'host'} {self.at}"
