"""What the panel for SFTP asks for; the API's own serializer and functions judge it."""

from __future__ import annotations

from django import forms

from containers.forms import LinesField
from containers.sftp import keys
from rules.forms import PageForm, literal


class KeyForm(PageForm):
    """One more public key."""

    public_key = LinesField(
        label="Public key",
        max_length=keys.LONGEST,
        rows=3,
        placeholder="ssh-ed25519 AAAA… you@laptop",
        help_text="The line in ~/.ssh/id_ed25519.pub, or what your client shows as the public key.",
    )
    name = forms.CharField(
        label="Its name",
        required=False,
        max_length=100,
        widget=literal(),
        help_text="Empty: the comment behind the key.",
    )
