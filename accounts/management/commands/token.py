"""`manage.py token create|list|revoke|reset`: tokens for who has the shell, and nothing else any more."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import audit, tokens
from accounts.actor import Actor, Via
from accounts.models import ApiToken, User
from accounts.permissions import Permission
from rules.errors import LightdError


class Command(BaseCommand):
    help = "Make, list and revoke API tokens. A secret is shown once, when it is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        does = parser.add_subparsers(dest="does", required=True, metavar="create|list|revoke|reset")
        create = does.add_parser("create", help="Make a token and show its secret.")
        create.add_argument("username")
        create.add_argument("--name", default="", help="What it is for.")
        create.add_argument("--ttl", help="How long it lives: 30s, 15m, 1h, 7d. Without: until it is revoked.")
        create.add_argument("--scope", action="append", default=[], choices=Permission.values, metavar="SCOPE")
        create.add_argument("--container", action="append", default=[], metavar="ID", help="Only for this container.")
        create.add_argument("--single-use", action="store_true")
        listed = does.add_parser("list", help="List tokens, without their secrets.")
        listed.add_argument("username", nargs="?")
        revoke = does.add_parser("revoke", help="Revoke a token; what it has open is closed.")
        revoke.add_argument("token", help="Its id or its prefix, as `list` shows them.")
        reset = does.add_parser("reset", help="Revoke every token of a user and make a new one.")
        reset.add_argument("username")

    def handle(self, *args: Any, does: str, **options: Any) -> None:
        run: dict[str, Callable[..., None]] = {
            "create": self.create,
            "list": self.list,
            "revoke": self.revoke,
            "reset": self.reset,
        }
        try:
            run[does](options)
        except LightdError as error:
            raise CommandError(error.sentence) from None

    def create(self, options: dict[str, Any]) -> None:
        owner = user_called(options["username"])
        lifetime = tokens.parse_ttl(options["ttl"]) if options["ttl"] else None
        _, secret = tokens.issue_for(
            Actor(owner, via=Via.COMMAND),
            name=options["name"],
            lifetime=lifetime,
            scopes=options["scope"],
            containers=options["container"],
            remove_on_use=options["single_use"],
        )
        self.stdout.write(secret)

    def list(self, options: dict[str, Any]) -> None:
        rows = ApiToken.objects.select_related("owner").order_by("owner__username", "created_at")
        if options["username"]:
            rows = rows.filter(owner=user_called(options["username"]))
        for token in rows:
            self.stdout.write(line_of(token))

    def revoke(self, options: dict[str, Any]) -> None:
        named = options["token"]
        found = [token for token in ApiToken.objects.select_related("owner") if named in (str(token.pk), token.prefix)]
        if len(found) != 1:
            raise CommandError(
                f"{len(found) or 'No'} tokens are called {named}: `manage.py token list` shows their ids"
            )
        (token,) = found
        tokens.revoke(Actor(token.owner, via=Via.COMMAND), str(token.pk))
        self.stdout.write(f"Revoked {token} of {token.owner}")

    def reset(self, options: dict[str, Any]) -> None:
        owner = user_called(options["username"])
        actor = Actor(owner, via=Via.COMMAND)
        with transaction.atomic():
            count, _ = ApiToken.objects.filter(owner=owner).delete()
            audit.record(actor, owner, after={"revoked": count}, action="token.reset")
            _, secret = tokens.issue_for(actor, name="reset")
        self.stderr.write(f"Revoked {count} tokens of {owner}; the new one is")
        self.stdout.write(secret)


def user_called(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user {username}")
    return user


def line_of(token: ApiToken) -> str:
    """One token, its parts apart by two spaces."""
    limits = ",".join([*token.scopes, *token.containers]) or "unlimited"
    state = ends(token) if token.life == ApiToken.Life.GOOD else token.life
    last = f"{token.last_used_at:%Y-%m-%d %H:%M} from {token.last_used_from}" if token.last_used_at else "never used"
    return "  ".join([str(token.pk), token.prefix, token.owner.username, token.name or "-", limits, state, last])


def ends(token: ApiToken) -> str:
    if token.expires_at is None:
        return "until revoked"
    return f"until {timezone.localtime(token.expires_at):%Y-%m-%d %H:%M} UTC"
