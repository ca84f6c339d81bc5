"""What the page of tokens asks for."""

from collections.abc import Collection
from typing import Any

from django import forms

from accounts.forms.permissions import PermissionsField
from accounts.permissions import Permission
from rules.forms import PageForm


class NamesField(forms.Field):
    """Any number of names; `_names.html` shows them."""

    widget = forms.SelectMultiple

    def clean(self, value: list[str]) -> list[str]:
        return list(dict.fromkeys(name for text in value for name in text.replace(",", " ").split()))


class TokenForm(PageForm):
    """A token that its owner asks for."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        help_text="What it is for: the list and the audit trail call it that.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    ttl = forms.ChoiceField(
        label="Good for",
        required=False,
        initial="30d",
        choices=[
            ("15m", "15 minutes"),
            ("1h", "1 hour"),
            ("7d", "7 days"),
            ("30d", "30 days"),
            ("", "Until it is revoked"),
        ],
    )
    remove_on_use = forms.BooleanField(label="Good for a single use", required=False)
    containers = NamesField(
        label="Only these containers",
        required=False,
        help_text="None: all that you may reach, also those that you make or are given later.",
    )

    def __init__(self, offered: Collection[Permission], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"] = PermissionsField(
            offered, label="Permissions", required=False, help_text="None: all that you may, now and later."
        )

    def body(self) -> dict[str, Any]:
        """As a request of the API says it."""
        return {**self.cleaned_data, "ttl": self.cleaned_data["ttl"] or None}
