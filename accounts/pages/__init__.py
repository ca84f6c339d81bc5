"""The pages under /account/."""

from django.conf import settings
from django.http import HttpRequest


def ways_to_sign_in(request: HttpRequest) -> dict[str, str]:
    """For every template: what the OpenID Connect provider is called, if there is one."""
    return {"oidc_name": settings.OIDC_NAME if settings.OIDC_ISSUER else ""}
