"""Permissions to choose from."""

from collections.abc import Collection
from typing import Any

from django import forms

from accounts.permissions import GROUPS, MEANINGS, Permission


class PermissionsField(forms.MultipleChoiceField):
    """Single permissions, in words; `_choices.html` shows them."""

    def __init__(self, offered: Collection[Permission], **kwargs: Any) -> None:
        named = {
            name: [(each.value, MEANINGS[each]) for each in group if each in offered] for name, group in GROUPS.items()
        }
        choices = [(name, group) for name, group in named.items() if group]
        super().__init__(choices=choices, widget=forms.CheckboxSelectMultiple, **kwargs)
