"""One's second factor: set up, recovery codes, taken away again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import two_factor
from accounts.forms.account import CodeForm, SetUpForm, TurnOffForm
from accounts.pages.asker import signed_in
from rules.errors import LightdError
from rules.pages import form_page, show


@never_cache
@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Whether there is one."""
    return render(request, "accounts/two_factor.html", {"factor": two_factor.of(signed_in(request))})


@never_cache
@sensitive_post_parameters()
@form_page
@login_required
def set_up(request: HttpRequest) -> HttpResponse:
    """A key to scan, and one code to show that it has arrived."""
    user = signed_in(request)
    form = SetUpForm(request.POST or None)
    try:
        # A new key for each look at the page: an old one may have been seen by somebody else.
        device = two_factor.being_set_up(user) if form.is_bound else two_factor.offer(user)
    except LightdError as error:
        messages.error(request, error.sentence)
        return redirect("account:two-factor")
    if not form.is_valid():
        return show(request, "accounts/two_factor_set_up.html", form, device=device)
    try:
        codes = two_factor.confirm(request, user, form.cleaned_data["code"])
    except LightdError as error:
        return show(request, "accounts/two_factor_set_up.html", form, error, device=device)
    return _show_codes(request, codes)


@never_cache
@sensitive_post_parameters()
@form_page
@login_required
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Other recovery codes."""
    form = CodeForm(request.POST or None)
    if not form.is_valid():
        return show(request, "accounts/recovery_codes_renew.html", form)
    try:
        codes = two_factor.renew_codes(request, signed_in(request), form.cleaned_data["code"])
    except LightdError as error:
        return show(request, "accounts/recovery_codes_renew.html", form, error)
    return _show_codes(request, codes)


@never_cache
@sensitive_post_parameters()
@form_page
@login_required
def turn_off(request: HttpRequest) -> HttpResponse:
    """Only the password from now on."""
    user = signed_in(request)
    form = TurnOffForm(user, request.POST or None)
    if not form.is_valid():
        return show(request, "accounts/two_factor_turn_off.html", form)
    try:
        two_factor.turn_off(request, user, form.cleaned_data.get("password"), form.cleaned_data["code"])
    except LightdError as error:
        return show(request, "accounts/two_factor_turn_off.html", form, error)
    messages.success(request, "Two-factor sign-in is off.")
    return redirect("account:two-factor")


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The answer to the request that made them, and so this once."""
    return render(request, "accounts/recovery_codes.html", {"codes": codes})
