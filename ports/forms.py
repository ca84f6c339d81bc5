"""What the pages of the pool ask for; ports/serializers.py judges it."""

from typing import ClassVar

from django import forms

from ports.models import Protocol
from ports.pool import ANY_IPV4
from rules.errors import Invalid, LightdError
from rules.forms import PageForm, literal


class AddForm(PageForm):
    """One port, or a range of them."""

    plain_words: ClassVar = {"Must not be above end.": "Must not be above the last port."}

    ip = forms.CharField(
        label="Address",
        initial=ANY_IPV4,
        max_length=45,
        help_text="Of this host, IPv4 or IPv6. 0.0.0.0 is every IPv4 address.",
        widget=literal(),
    )
    protocol = forms.ChoiceField(choices=[(name, name) for name in Protocol.values], initial=Protocol.TCP.value)
    port = forms.IntegerField(label="Port", help_text="Or the first one of a range.")
    end = forms.IntegerField(label="Last port", required=False, help_text="Of a range; empty for a single port.")

    def wanted(self) -> dict[str, object]:
        """As the API is asked for it: `port`, or `start` and `end`."""
        filled = self.filled()
        if "end" in filled:
            filled["start"] = filled.pop("port")
        return filled

    def refuse(self, error: LightdError) -> None:
        """What the API calls `start` is the field `port` here."""
        if error.details:
            details = {"port" if name == "start" else name: why for name, why in error.details.items()}
            error = Invalid(error.sentence, details)
        super().refuse(error)
