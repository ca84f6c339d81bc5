"""Who may sign in, and the tokens that act for them."""

import datetime as dt
import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from accounts.user_agent import device


class User(AbstractUser):
    """Someone with an account. A superuser is an administrator of the whole site, and has no quota.

    The quota is of all that the user owns together; an empty part of it is not limited.
    """

    max_containers = models.PositiveIntegerField(null=True, blank=True)
    max_memory = models.PositiveBigIntegerField(null=True, blank=True, help_text="Bytes, over all containers.")
    max_cpu = models.FloatField(null=True, blank=True, help_text="Cores, over all containers.")
    max_ports = models.PositiveIntegerField(null=True, blank=True)
    # However small, each is a device and a mount of the host's: so there is a limit before anybody sets one.
    max_volumes = models.PositiveIntegerField(null=True, blank=True, default=100)
    max_disk_mb = models.PositiveIntegerField(null=True, blank=True, help_text="Megabytes, over all volumes.")

    _password: str | None  # Django's: what set_password was given, until it is saved

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password, however it was set, signs every browser out."""
        has_new_password = self._password is not None
        super().save(*args, **kwargs)
        if has_new_password:
            self.sessions.all().delete()


class Session(AbstractBaseSession):
    """A browser, signed in or not yet. Deleting the row signs it out. See accounts/sessions.py."""

    # Names it in pages: the key itself is what signs in.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(default=timezone.now)

    @property
    def device(self) -> str:
        return device(self.user_agent)


class FailedAttempts(models.Model):
    """How often something was tried in vain lately: `number` times since `ends_at` less `throttle.WINDOW`. The
    `key` says what is counted (`accounts/throttle.py`).
    """

    key = models.CharField(max_length=100, primary_key=True)
    number = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key


class ApiToken(models.Model):
    """A secret that acts for its owner, within its scopes. Revoking it deletes the row.

    Only a plain SHA-256 of the secret is stored. A slow hash protects guessable passwords; a secret of 238 random bits
    can't be guessed, and is checked on every request.
    """

    class Purpose(models.TextChoices):
        """What a token is taken for. One of another purpose is no token there."""

        API = "api"
        CONSOLE = "console"

    class Life(models.TextChoices):
        """Whether it still opens anything."""

        GOOD = "good"
        EXPIRED = "expired"
        USED = "used up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    purpose = models.CharField(max_length=7, choices=Purpose.choices, default=Purpose.API, editable=False)
    # The page (scheme://host) that a console token is for; empty: any that the site itself trusts.
    origin = models.CharField(max_length=255, blank=True, editable=False)
    name = models.CharField(max_length=100, blank=True)
    # The first characters of the secret: finds the row, tells tokens apart in lists.
    prefix = models.CharField(max_length=16, db_index=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Permissions that it is limited to; empty: all that its owner has.
    scopes = models.JSONField(default=list, blank=True)
    # internal_ids that it is limited to; empty: all that its owner may reach.
    containers = models.JSONField(default=list, blank=True)
    remove_on_use = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # When a single-use token was used up.
    used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # To the minute: one write a minute is enough to see which tokens are dead.
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or f"{self.prefix}…"

    @property
    def life(self) -> Life:
        if self.used_at is not None:
            return self.Life.USED
        return self.Life.EXPIRED if self.has_expired else self.Life.GOOD

    @property
    def has_expired(self) -> bool:
        return self.has_expired_at(timezone.now())

    def has_expired_at(self, moment: dt.datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= moment


class AuditEntry(models.Model):
    """Who changed what, or tried to: written in the transaction of the change, or after one that was refused.

    Names are kept as text: an entry outlives the user, the token and the container that it is about.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        REFUSED = "refused"

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    username = models.CharField(max_length=150)
    token = models.CharField(max_length=128, blank=True, help_text="Name or prefix of the token; empty: a session.")
    via = models.CharField(max_length=8, help_text="The door: api, socket, page, admin, command or sftp.")
    address = models.GenericIPAddressField(null=True, blank=True)
    action = models.CharField(max_length=40, help_text="Such as container.start or token.create.")
    target = models.CharField(max_length=255, blank=True, help_text="What it was done to: a container, a port, a user.")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.ACCEPTED)
    reason = models.TextField(blank=True, help_text="Why it was refused.")
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            # In PostgreSQL, also for how a target begins.
            models.Index(
                fields=["target", "-id"], opclasses=["varchar_pattern_ops", "int8_ops"], name="audit_of_target"
            ),
            models.Index(fields=["username", "-id"], name="audit_of_user"),
            models.Index(fields=["at"], name="audit_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.action} {self.target}".rstrip()

    @property
    def actor(self) -> str:
        """Who did it, as events name them."""
        return called(self.username, self.token)


def called(username: str, token: str) -> str:
    """`alice`, or `alice (token deploy)`."""
    return f"{username} (token {token})" if token else username
