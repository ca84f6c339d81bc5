"""Pages of the site itself, and errors as pages."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.permissions import OF_A_CONTAINER, SITE_WIDE
from lightd_site.reference import reference
from rules.errors import LightdError, Unauthenticated

# Under these are pages; every other address is the API's, where an error is JSON whatever the caller accepts.
_PAGES = ("/account/", "/admin/", "/dashboard/", "/docs/")


def is_page(request: HttpRequest) -> bool:
    """Whether someone looks at the answer in a browser."""
    at_a_page = request.path == "/" or request.path.startswith(_PAGES)
    return at_a_page and "text/html" in request.headers.get("Accept", "")


def error(request: HttpRequest, problem: LightdError, headers: dict[str, str]) -> HttpResponse:
    """A refusal as a page. Whoever only has to sign in is sent there instead."""
    if isinstance(problem, Unauthenticated):
        return redirect_to_login(request.get_full_path())
    # Without the request: neither the database nor the session may be there to ask.
    page = render_to_string("error.html", {"sentence": problem.sentence, "status": problem.status})
    return HttpResponse(page, status=problem.status, headers=headers)


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
