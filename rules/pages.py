"""What all pages have in common: who may look, and how a form that was refused is shown again."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rules.errors import LightdError
from rules.forms import PageForm

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """A page to look at, for whoever is signed in."""
    return require_safe(login_required(view))


def action(view: View) -> View:
    """What a page asks for, of whoever is signed in; whoever is not any more comes back to that page."""

    @require_POST
    @wraps(view)
    def act(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(asked_from(request))
        return view(request, *args, **kwargs)

    return act


def asked_from(request: HttpRequest) -> str:
    """The page that a request was sent from: its own address would be asked for by GET after the sign-in."""
    page = urlsplit(request.headers.get("Referer", ""))
    return urlunsplit(page._replace(scheme="", netloc="")) or "/"


def form_page(view: View) -> View:
    """A page with a form that is posted to itself."""
    return require_http_methods(["GET", "HEAD", "POST"])(view)


def is_of_htmx(request: HttpRequest) -> bool:
    """Whether a part of a page is asked for, to be put into it."""
    return request.headers.get("HX-Request") == "true"


def status_of(form: PageForm, error: LightdError | None = None) -> int:
    """How the page with this form is answered: not as a success if something in it was refused."""
    if error:
        return error.status
    return 400 if form.is_bound and not form.is_valid() else 200


def show(
    request: HttpRequest, template: str, form: PageForm, error: LightdError | None = None, **context: Any
) -> HttpResponse:
    """The page with its form, and what was refused in it."""
    if error:
        form.refuse(error)
    form.focus_mistake()
    status = status_of(form, error)
    if status >= 400 and is_of_htmx(request):
        status = 422  # the one refusal that htmx puts into the page
    response = render(request, template, {"form": form, **context}, status=status)
    if error and error.retry_after:
        response["Retry-After"] = str(error.retry_after)
    return response


def saying(response: HttpResponse, sentence: str) -> HttpResponse:
    """The answer to a request of htmx, and what static/js/toasts.js says beside it."""
    response["HX-Trigger"] = json.dumps({"toast": sentence})
    return response
