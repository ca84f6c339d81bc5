"""What the page of the audit trail asks for."""

import datetime as dt
from typing import Any

from django import forms

from accounts.actor import Via
from accounts.models import AuditEntry
from rules.forms import PageForm


class AuditQueryForm(PageForm):
    """Which entries of the audit trail are looked for. Days are those of UTC."""

    user = forms.CharField(label="User", required=False)
    action = forms.CharField(label="Action", required=False, widget=forms.TextInput({"placeholder": "container."}))
    target = forms.CharField(label="Target", required=False)
    outcome = forms.ChoiceField(label="Outcome", required=False, choices=[("", "Any"), *AuditEntry.Outcome.choices])
    via = forms.ChoiceField(label="Door", required=False, choices=[("", "Any"), *Via.choices])
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}))

    def body(self) -> dict[str, Any]:
        """As a request of the API says it; the last day is within."""
        given = self.filled()
        if "since" in given:
            given["since"] = _unix(given["since"])
        if "until" in given:
            given["until"] = _unix(given["until"] + dt.timedelta(days=1))
        return given


def _unix(day: dt.date) -> int:
    """When a day begins."""
    return int(dt.datetime.combine(day, dt.time.min, dt.UTC).timestamp())
