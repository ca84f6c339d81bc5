from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import throttle, two_factor
from accounts.actor import Actor, Via
from accounts.models import User


class Command(BaseCommand):
    help = "Turn off two-factor sign-in for a user who lost the device and the recovery codes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"]
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}")
        if not two_factor.is_on(user):
            raise CommandError(f"{username} has no second factor")
        two_factor.reset(Actor(user, via=Via.COMMAND), user)
        throttle.forget(user)
        self.stdout.write(f"{username} signs in with the password alone now, and can set up a second factor again.")
