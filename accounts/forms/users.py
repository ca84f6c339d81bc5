"""What the pages of users ask for."""

from dataclasses import asdict
from typing import Self

from django import forms

from accounts.forms.account import password_field
from accounts.users import Quota
from rules import units
from rules.forms import PageForm, literal

LARGEST = 2**31 - 1  # of the columns


class NewUserForm(PageForm):
    """An account for somebody."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=literal(autofocus=True),
    )
    email = forms.EmailField(
        label="E-mail", required=False, widget=forms.EmailInput(attrs={"autocomplete": "off"}), help_text="Optional."
    )
    administrator = forms.BooleanField(
        label="Administrator",
        required=False,
        help_text="May do everything, also mount paths of the host: an administrator owns the host.",
    )
    password = password_field(
        "Password", "new-password", required=False, help_text="Empty: one is made, and shown to you once."
    )


class QuotaForm(PageForm):
    """How much all that a user owns may take together."""

    max_containers = forms.IntegerField(label="Containers", required=False, min_value=0, max_value=LARGEST)
    memory = forms.FloatField(label="Memory", required=False, min_value=0, max_value=units.MOST)
    memory_unit = forms.ChoiceField(
        label="Unit", required=False, initial=units.USUAL, choices=[(unit, unit) for unit in units.UNITS]
    )
    max_cpu = forms.FloatField(label="CPU, in cores", required=False, min_value=0, max_value=LARGEST)
    max_ports = forms.IntegerField(label="Ports", required=False, min_value=0, max_value=LARGEST)
    max_volumes = forms.IntegerField(label="Volumes", required=False, min_value=0, max_value=LARGEST)
    max_disk_mb = forms.IntegerField(label="Volumes, in megabytes", required=False, min_value=0, max_value=LARGEST)

    @classmethod
    def of(cls, quota: Quota) -> Self:
        """As it is now."""
        memory, unit = units.in_unit(quota.max_memory)
        return cls(initial={**asdict(quota), "memory": memory, "memory_unit": unit})

    def quota(self) -> Quota:
        given = self.cleaned_data
        return Quota(
            max_containers=given["max_containers"],
            max_memory=units.to_bytes(given["memory"], given["memory_unit"]),
            max_cpu=given["max_cpu"],
            max_ports=given["max_ports"],
            max_volumes=given["max_volumes"],
            max_disk_mb=given["max_disk_mb"],
        )


class UserQueryForm(PageForm):
    """Which accounts are looked for."""

    search = forms.CharField(label="Search", required=False, max_length=150)
    role = forms.ChoiceField(
        label="Role",
        required=False,
        choices=[("", "Every role"), ("administrator", "Administrators"), ("user", "Users")],
    )
    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Every state"), ("active", "Active"), ("inactive", "Inactive")]
    )
