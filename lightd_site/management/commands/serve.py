"""`manage.py serve`: everything under one command. The parts alone: `--only web`, `workers`, `supervisor` or `sftp`."""

from __future__ import annotations

import resource
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from lightd_site import server
from lightd_site.processes import Forks

ENOUGH_FILES = 65_536
PARTS = ("web", "supervisor", "workers", "sftp")


class Command(BaseCommand):
    help = "Serve the site and SFTP, run the workers and the supervisor, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only", choices=PARTS, action="append", help="Run this part alone, where the parts are apart; or several."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        allow_many_connections()
        parts = parts_of(options["only"] or PARTS)
        if server.PARTS.issuperset(parts):
            server.serve(parts)
        else:
            Forks(parts).run()


def parts_of(asked: Sequence[str]) -> list[str]:
    """Those that there are."""
    if asked == ["sftp"] and not settings.SFTP_PORT:
        sys.exit("lightd: SFTP is turned off (LIGHTD_SFTP_PORT is 0)")
    return [part for part in asked if part != "sftp" or settings.SFTP_PORT]


def allow_many_connections() -> None:
    """Let this process, and those it starts, have as many open files as the system allows: each socket is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
