"""Pages of the site itself, and errors as pages."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from accounts.permissions import OF_A_CONTAINER, SITE_WIDE
from lightd_site.reference import reference
from rules.errors import LightdError, Unauthenticated

# Under these are pages; every other address is the API's, where an error is JSON whatever the caller accepts.
_PAGES = ("/account", "/admin", "/dashboard", "/docs")


def is_page(request: HttpRequest) -> bool:
    """Whether someone looks at the answer in a browser."""
    at_a_page = request.path == "/" or f"{request.path}/".startswith(tuple(f"{each}/" for each in _PAGES))
    return at_a_page and "text/html" in request.headers.get("Accept", "")


def error(request: HttpRequest, problem: LightdError, headers: dict[str, str]) -> HttpResponse:
    """A refusal as a page. Whoever only has to sign in is sent there instead."""
    if isinstance(problem, Unauthenticated):
        return redirect_to_login(request.get_full_path())
    said = {"sentence": problem.sentence, "status": problem.status}
    if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR and _is_signed_in(request):
        page = render_to_string("error.html", {**said, "frame": "base.html", "back": _came_from(request)}, request)
    else:  # without the request: neither the database nor the session may be there to ask
        page = render_to_string("error.html", {**said, "frame": "narrow.html"})
    return HttpResponse(page, status=problem.status, headers=headers)


def meant(request: HttpRequest) -> str | None:
    """The page whose address somebody typed with a slash too many or one missing."""
    if request.method not in ("GET", "HEAD") or not is_page(request):
        return None
    bare = request.path.rstrip("/")
    if bare == "/dashboard":
        return reverse("home")
    other = bare if request.path.endswith("/") else f"{bare}/"
    query = request.META.get("QUERY_STRING", "")
    return other + (f"?{query}" if query else "") if is_valid_path(other) else None


def _is_signed_in(request: HttpRequest) -> bool:
    try:
        return bool(request.user.is_authenticated)
    except (AttributeError, DatabaseError):  # refused before anyone asked who it is, or nobody can be asked
        return False


def _came_from(request: HttpRequest) -> str:
    """The page of ours that led here, if one did."""
    before = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(before, {request.get_host()})
    return before if is_ours and urlsplit(before).path != request.path else ""


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The API, described for its callers, with calls to this very site."""
    if not request.user.is_authenticated:
        raise Unauthenticated("Authentication required")
    return render(
        request,
        "docs/reference.html",
        {
            "reference": reference(),
            "of_a_container": sorted(OF_A_CONTAINER),
            "site_wide": sorted(SITE_WIDE),
            "base": f"{request.scheme}://{request.get_host()}",
            "socket_base": f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}",
        },
    )
