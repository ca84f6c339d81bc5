"""Response headers that no library of ours sets. The others are Django's and django-csp's, in the settings."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

# Nothing of ours asks a browser for any of these; an injected script shall not either.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "serial",
        "usb",
    )
)

ALWAYS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers are about their caller; a static file says for itself how long it keeps.
    "Cache-Control": "no-store",
}


def headers(get_response: Handler) -> Handler:
    """Gives each answer those of `ALWAYS` that it has no value of its own for."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware
