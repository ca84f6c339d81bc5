"""One's own password."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import passwords
from accounts.forms.account import PasswordForm
from accounts.pages.asker import signed_in
from rules.errors import LightdError
from rules.pages import form_page, show


@never_cache
@sensitive_post_parameters()
@form_page
@login_required
def change(request: HttpRequest) -> HttpResponse:
    """Another one."""
    user = signed_in(request)
    form = PasswordForm(user, request.POST or None)
    if not form.is_valid():
        return show(request, "accounts/password.html", form)
    try:
        passwords.change(request, user, form.cleaned_data["password"], form.cleaned_data["new_password"])
    except LightdError as error:
        return show(request, "accounts/password.html", form, error)
    messages.success(request, "Your password is changed. Your other sessions are signed out.")
    return redirect("account:password")
