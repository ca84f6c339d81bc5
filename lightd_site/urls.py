"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.api import Audit
from accounts.pages import sign_in
from containers.pages import overview
from lightd_site import api, metrics, pages, palette

urlpatterns = [
    path("api/v1/public/ping", api.Ping.as_view()),
    path("docs/openapi.json", api.OpenApi.as_view(), name="openapi"),
    path("metrics", metrics.Metrics.as_view()),
    path("docs/", pages.docs, name="docs"),
    path("auth/", include("accounts.urls")),
    path("audit", Audit.as_view()),
    path("network/ports", include("ports.urls")),
    path("volumes", include("volumes.urls")),
    path("backups", include("volumes.backup_urls")),
    path("", overview.show, name="home"),
    path("account/", include("accounts.page_urls")),
    path("dashboard/palette", palette.show_choices, name="palette"),
    path("dashboard/", include("containers.page_urls")),
    path("dashboard/", include("accounts.dashboard_urls")),
    path("dashboard/ports/", include("ports.page_urls")),
    path("dashboard/volumes/", include("volumes.page_urls")),
    # One door: the admin's own would not know the second factor.
    path("admin/login/", sign_in.admin_enter),
    path("admin/logout/", sign_in.leave),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account:password")),
    path("admin/", admin.site.urls),
    path("", include("containers.urls")),
]

if settings.OIDC_ISSUER:
    urlpatterns.insert(0, path("account/", include("accounts.oidc_urls")))

handler400 = handler403 = handler404 = "lightd_site.rest.errors.refused"
handler500 = "lightd_site.rest.errors.server_error"
