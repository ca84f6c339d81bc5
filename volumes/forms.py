"""What the pages of volumes ask for."""

from typing import Any

from django import forms
from django.conf import settings

from rules.forms import PageForm, literal
from volumes.backups.models import LONGEST_NAME


class CreateForm(PageForm):
    size = forms.IntegerField(label="Size", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["size"].help_text = f"Megabytes that it may hold; empty for {settings.VOLUME_MB}."


class ResizeForm(PageForm):
    size = forms.IntegerField(
        label="New size", help_text="Megabytes. Containers go on running; no smaller than what is in it."
    )


class BackupForm(PageForm):
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=LONGEST_NAME,
        help_text="Empty: after the volume and the time.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ScheduleForm(PageForm):
    cron = forms.CharField(
        label="When",
        initial="0 4 * * *",
        help_text="As cron has it: minute, hour, day of the month, month, day of the week.",
        widget=literal(),
    )
    time_zone = forms.CharField(
        label="Time zone",
        initial="UTC",
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "data-own-time-zone": ""}),
    )
    keep = forms.IntegerField(
        label="Keep", initial=7, help_text="Of its backups, so many of the newest stay; locked ones stay in any case."
    )
