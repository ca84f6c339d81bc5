"""Containers, jobs and events in Django's admin: to look at, and to act through the same functions as everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_q.admin  # noqa: F401 - registers what is taken out again below
from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts.actor import Actor
from accounts.admin_site import ReadOnly, act, confirmed, link, lists
from containers import lifecycle
from containers.models import Container, Event, Grant, Heartbeat, Image, ImageJob, Job, SftpAccess
from containers.pages.shown import Look, with_look
from ports import pool

# They would show nudges, whose jobs are rows of ours, and let any function be called that someone types.
admin.site.unregister(
    model for model in apps.get_app_config("django_q").get_models() if admin.site.is_registered(model)
)


def asks(change: Callable[[Actor, str], object]) -> Callable[[Actor, Container], object]:
    """A change that is asked for by the container's id."""
    return lambda actor, container: change(actor, container.internal_id)


class LookFilter(admin.SimpleListFilter):
    """By the word that the dashboard has for the state: a crashed container is `ready` in its row."""

    title = "state"
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(look.value, look.value) for look in Look]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(look=self.value()) if self.value() else queryset


@admin.register(Container)
class ContainerAdmin(ReadOnly):
    """Read here, act by the actions: a row changed by hand would no longer be what Docker runs."""

    list_display = ("internal_id", "coloured_state", "image", "published", "of", "error", "updated_at")
    list_filter = (LookFilter, "installed", "restart_policy", "stale", "created_at")
    search_fields = ("internal_id", "image", "docker_id", "volume__id", "owner__username")
    list_select_related = ("owner",)
    readonly_fields = ("published", "related")
    date_hierarchy = "created_at"
    actions = ("start", "stop", "restart", "kill", "reinstall", "delete")

    class Media:
        css = {"all": ["containers/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Container]:
        return with_look(super().get_queryset(request)).prefetch_related("ports")

    @admin.display(description="state", ordering="look")
    def coloured_state(self, container: Any) -> str:
        return format_html('<b class="state-{}">{}</b>', container.look, container.look)  # of with_look

    @admin.display(description="ports")
    def published(self, container: Container) -> str:
        return ", ".join(str(binding) for binding in pool.bindings(container)) or "–"

    @admin.display(description="owner", ordering="owner__username")
    def of(self, container: Container) -> str:
        return link(container.owner)

    @admin.display(description="related rows")
    def related(self, container: Container) -> str:
        query = {"container__id__exact": container.pk}
        return lists(
            events=reverse("admin:containers_event_changelist", query=query),
            jobs=reverse("admin:containers_job_changelist", query=query),
            grants=reverse("admin:containers_grant_changelist", query=query),
            ports=reverse("admin:ports_port_changelist", query=query),
            audit_trail=reverse("admin:accounts_auditentry_changelist", query={"target": container.internal_id}),
        )

    @admin.action(description="Start the selected containers")
    def start(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.start), "start initiated")

    @admin.action(description="Stop the selected containers")
    def stop(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.stop), "stop initiated")

    @admin.action(description="Restart the selected containers")
    def restart(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.restart), "restart initiated")

    @admin.action(description="Kill the selected containers")
    def kill(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.kill), "kill initiated")

    @admin.action(description="Reinstall the selected containers")
    @confirmed("Reinstall them? What their install scripts put into them is made anew; their volumes are kept.")
    def reinstall(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.reinstall), "reinstall started")

    @admin.action(description="Delete the selected containers")
    @confirmed("Delete them? Their volumes are kept.")
    def delete(self, request: HttpRequest, containers: QuerySet[Container]) -> None:
        act(request, containers, asks(lifecycle.delete), "deleted")


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ("__str__", "about", "kind", "status", "attempts", "actor", "queued_at", "finished_at", "error")
    list_filter = ("kind", "status", "created_at")
    search_fields = ("container__internal_id", "actor", "request_id", "error")
    list_select_related = ("container",)
    date_hierarchy = "created_at"

    @admin.display(description="container", ordering="container__internal_id")
    def about(self, job: Job) -> str:
        return link(job.container)


@admin.register(Image)
class ImageAdmin(ReadOnly):
    list_display = ("__str__", "short_id", "size", "created_at", "changed_at")
    list_filter = ("created_at",)
    search_fields = ("docker_id", "names", "digests")


@admin.register(ImageJob)
class ImageJobAdmin(ReadOnly):
    list_display = ("shown", "kind", "status", "percent", "attempts", "actor", "queued_at", "finished_at", "error")
    list_filter = ("kind", "status", "created_at")
    search_fields = ("image", "shown", "actor", "request_id", "error")


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ("created_at", "about", "kind", "message", "actor", "request_id")
    list_filter = ("kind", "created_at")
    search_fields = ("internal_id", "message", "actor", "request_id")
    list_select_related = ("container",)
    date_hierarchy = "created_at"
    show_full_result_count = False  # counts a table that only grows, for each page

    @admin.display(description="container", ordering="internal_id")
    def about(self, event: Event) -> str:
        return link(event.container) if event.container else event.internal_id


@admin.register(Grant)
class GrantAdmin(ReadOnly):
    """To look: `PUT /containers/{id}/grants/{username}` gives, and checks who may."""

    list_display = ("__str__", "about", "to", "permissions", "created_at")
    list_filter = ("created_at",)
    search_fields = ("container__internal_id", "user__username", "permissions")
    list_select_related = ("container", "user")

    @admin.display(description="container", ordering="container__internal_id")
    def about(self, grant: Grant) -> str:
        return link(grant.container)

    @admin.display(description="user", ordering="user__username")
    def to(self, grant: Grant) -> str:
        return link(grant.user)


@admin.register(SftpAccess)
class SftpAccessAdmin(ReadOnly):
    list_display = ("username", "user", "container", "created_at", "updated_at")
    list_filter = ("created_at",)
    search_fields = ("username", "user__username", "container__internal_id")
    list_select_related = ("user", "container")
    exclude = ("password",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("role", "beat_at", "detail")
    search_fields = ("role",)
