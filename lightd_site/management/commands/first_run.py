import secrets
from contextlib import suppress

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from accounts import tokens
from containers.instance import Foreign, refuse_foreign
from containers.sftp import host_key
from ports import pool
from ports.models import Port
from rules.errors import Conflict

POOL = ("0.0.0.0", 25565, 25600)  # noqa: S104 - published ports are for everyone


class Command(BaseCommand):
    help = "On the first run: an administrator with an API token, ports, SFTP's host key. Later runs change nothing."

    def handle(self, *args: object, **options: object) -> None:
        try:
            refuse_foreign()
        except Foreign as error:
            raise CommandError(str(error)) from None
        # Another process may be doing the same; whoever commits first has done it for both.
        with suppress(IntegrityError), transaction.atomic():
            self.create_administrator()
        with suppress(IntegrityError, Conflict), transaction.atomic():
            self.fill_pool()
        # Here, where what makes it is gone with the process: SFTP's own would keep 20 MB for it.
        if settings.SFTP_PORT and host_key.fingerprint() is None:
            host_key.prepare()

    def create_administrator(self) -> None:
        users = get_user_model().objects
        if users.exists():
            return
        password = secrets.token_urlsafe(18)
        administrator = users.create_superuser("admin", password=password)
        _, token = tokens.issue(administrator, name="first run", lifetime=None)
        # Shown before the commit: ended in between, nothing is stored and the next run shows a new pair,
        # where the other order would leave an administrator whose password nobody ever saw.
        self.stdout.write(
            "\n"
            "Your administrator and API token, shown this once:\n"
            "\n"
            "  user      admin\n"
            f"  password  {password}\n"
            f"  token     {token}\n"
        )
        self.stdout.flush()

    def fill_pool(self) -> None:
        if Port.objects.exists():
            return
        for protocol in ("tcp", "udp"):
            pool.add_range(*POOL, protocol)
