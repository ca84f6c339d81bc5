"""Django's admin as a part of this site: what the pages of all apps there are made of."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import audit
from accounts.actor import Actor, Via, actor_of
from rules.errors import LightdError

admin.site.site_header = admin.site.site_title = "Lightd"
admin.site.index_title = "All rows, for operators"
admin.site.site_url = ""  # the link that templates/admin/base_site.html has instead

Row = TypeVar("Row", bound=Model)
Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable when run
    """Rows that only the site itself writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Audited(admin.ModelAdmin):  # type: ignore[type-arg]
    """Whose changes are in the audit trail too, in the transaction that Django's admin makes them in."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Of a row that is there only what was changed: what others write meanwhile stays."""
        stamps = [field.name for field in obj._meta.fields if getattr(field, "auto_now", False)]
        obj.save(update_fields=[*form.changed_data, *stamps] if change else None)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "add", obj, after={"changed": message})
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "change", obj, after={"changed": message})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for each in queryset:
            self._record(request, "delete", each)
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, verb: str, obj: Model, **what: Any) -> None:
        action = f"{self.model._meta.model_name}.{verb}"
        audit.record(actor_of(request, Via.ADMIN), obj, action=action, **what)


# --- Actions --------------------------------------------------------------------


def act(request: HttpRequest, rows: Iterable[Row], ask: Callable[[Actor, Row], object], done: str) -> None:
    """Ask the same of each row, and say of each what came of it; beginning with what it is, since the admin's page
    writes the first letter of a message large."""
    actor = actor_of(request, Via.ADMIN)
    for row in rows:
        named = f"{str(row._meta.verbose_name).capitalize()} {row}"
        try:
            ask(actor, row)
        except LightdError as error:
            messages.error(request, f"{named}: {error.sentence}")
        else:
            messages.success(request, f"{named}: {done}")


def confirmed(question: str) -> Callable[[Action], Action]:
    """An action on rows that is asked about first, on a page that names them."""

    def mark(action: Action) -> Action:
        @functools.wraps(action)
        def asked(site: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            if "confirmed" in request.POST:
                return action(site, request, rows)
            context = {
                **site.admin_site.each_context(request),
                "title": question,
                "rows": rows,
                "action": request.POST["action"],
                "opts": site.opts,
                "media": site.media,
            }
            return TemplateResponse(request, "admin/confirm.html", context)

        return asked

    return mark


# --- Links ----------------------------------------------------------------------


def link(row: Model | None, text: object = None) -> str:
    """To the page of a related row; a dash for none."""
    if row is None:
        return "–"
    address = reverse(admin_urlname(row._meta, SafeString("change")), args=[row.pk])
    return format_html('<a href="{}">{}</a>', address, row if text is None else text)


def links(rows: Iterable[Model]) -> str:
    return format_html_join(", ", "{}", ((link(row),) for row in rows)) or "–"


def lists(**addresses: str) -> str:
    """To lists of related rows: their names, and their addresses with what narrows them down."""
    named = ((address, name.replace("_", " ").capitalize()) for name, address in addresses.items())
    return format_html_join(" · ", '<a href="{}">{}</a>', named)
