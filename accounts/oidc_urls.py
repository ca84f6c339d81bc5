"""Included where an OpenID provider is configured. Without a namespace, as django-allauth asks for its own by name."""

from allauth.socialaccount.providers.openid_connect.views import callback
from django.conf import settings
from django.urls import path

from accounts.pages import oidc

urlpatterns = [
    path("oidc", oidc.overview, name="oidc"),
    path("oidc/start", oidc.start, name="oidc-start"),
    path("oidc/connect", oidc.connect, name="oidc-connect"),
    path("oidc/disconnect", oidc.disconnect, name="oidc-disconnect"),
    path("oidc/callback", callback, {"provider_id": settings.OIDC_PROVIDER_ID}, name="openid_connect_callback"),
]
