from django.apps import AppConfig


class LightdSiteConfig(AppConfig):
    name = "lightd_site"

    def ready(self) -> None:
        from lightd_site.rest import openapi  # noqa: F401 - registers itself
