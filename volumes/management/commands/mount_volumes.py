from typing import Any

from django.core.management.base import BaseCommand

from volumes import storage


class Command(BaseCommand):
    help = "Mount all volumes, as the server does when it starts. One whose image is gone stays closed."

    def handle(self, *args: Any, **options: Any) -> None:
        storage.mount_all()
