"""What the account pages ask for."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import UsernameField

from accounts.models import User
from rules.forms import PageForm, literal


def password_field(label: str, autocomplete: str, **more: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=1000, widget=widget, **more)


class SignInForm(PageForm):
    username = UsernameField(
        label="User name",
        max_length=150,
        widget=literal(autocomplete="username", autofocus=True),
    )
    password = password_field("Password", "current-password")


class PasswordForm(PageForm):
    """Another password, by whoever knows the present one."""

    password = password_field("Current password", "current-password")
    new_password = password_field("New password", "new-password")
    repeated = password_field("New password again", "new-password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        rules = password_validation.password_validators_help_texts()
        self.fields["new_password"].help_text = " ".join(rules)

    def clean_new_password(self) -> str:
        new: str = self.cleaned_data["new_password"]
        password_validation.validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        new, repeated = self.cleaned_data.get("new_password"), self.cleaned_data.get("repeated")
        if new and repeated and new != repeated:
            self.add_error("repeated", "The two new passwords are not the same.")
        return self.cleaned_data


def _code(label: str, help_text: str, **attributes: Any) -> forms.CharField:
    widget = literal(**{"autocomplete": "one-time-code", **attributes})
    return forms.CharField(label=label, help_text=help_text, max_length=40, widget=widget)


class CodeForm(PageForm):
    code = _code("Code", "The six digits that your app shows, or one of your recovery codes.", autofocus=True)


class SetUpForm(PageForm):
    code = _code("Code", "The six digits that your app shows now.", inputmode="numeric")


class TurnOffForm(PageForm):
    """The password of whoever has one, and a code."""

    password = password_field("Password", "current-password")
    code = _code("Code", "The six digits that your app shows, or one of your recovery codes.")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            del self.fields["password"]
