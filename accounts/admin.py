"""Users, tokens and the audit trail in Django's admin."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse

from accounts import audit_export, users
from accounts.admin_site import Audited, ReadOnly, act, confirmed, link, lists
from accounts.models import ApiToken, AuditEntry, User

admin.site.unregister(Group)  # there are two roles
# What the libraries of the sign-in would show there: keys, codes, secrets.
for app in apps.get_app_configs():
    if app.name.startswith(("allauth.", "django_otp.")):
        admin.site.unregister(model for model in app.get_models() if admin.site.is_registered(model))


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]  # not subscriptable when run
    """Saves the password alone: Django's own saves the whole user as it was read."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        user.save(update_fields=["password"])
        return user


@admin.register(User)
class QuotaUserAdmin(Audited, UserAdmin):  # type: ignore[type-arg]
    """Django's own page of a user, with the quota. Role and account change by the actions, whose rules are those of
    `accounts.users`; groups and Django's single permissions mean nothing here."""

    list_display = ("username", "email", "is_superuser", "is_active", "second_factor", "last_login", "owned")
    list_filter = ("is_superuser", "is_active", "last_login", "date_joined")
    search_fields = ("username", "email", "first_name", "last_name")
    readonly_fields = ("is_active", "is_superuser", "last_login", "date_joined", "related")
    filter_horizontal = ()
    change_password_form = PasswordForm
    actions = ("promote", "demote", "activate", "deactivate", "sign_out", "reset_two_factor", "delete")
    fieldsets = (
        (None, {"fields": ("username", "password", "related")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Account, changed by the actions of the list", {"fields": ("is_active", "is_superuser")}),
        (
            "Quota, over all that the user owns; empty: no limit",
            {"fields": ("max_containers", "max_memory", "max_cpu", "max_ports", "max_volumes", "max_disk_mb")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return users.with_figures(super().get_queryset(request))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # by the action

    @admin.display(description="two-factor", boolean=True)
    def second_factor(self, user: Any) -> bool:
        return bool(user.has_two_factor)

    @admin.display(description="containers", ordering="owned")
    def owned(self, user: Any) -> int:
        return int(user.owned)

    @admin.display(description="related rows")
    def related(self, user: User) -> str:
        return lists(
            containers=reverse("admin:containers_container_changelist", query={"owner__id__exact": user.pk}),
            volumes=reverse("admin:volumes_volume_changelist", query={"owner__id__exact": user.pk}),
            tokens=reverse("admin:accounts_apitoken_changelist", query={"owner__id__exact": user.pk}),
            grants=reverse("admin:containers_grant_changelist", query={"user__id__exact": user.pk}),
            audit_trail=reverse("admin:accounts_auditentry_changelist", query={"username": user.username}),
        )

    @admin.action(description="Make the selected users administrators")
    @confirmed("Make them administrators? Whoever may mount paths of the host owns the host.")
    def promote(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, lambda by, user: users.set_role(by, user, administrator=True), "administrator from now on")

    @admin.action(description="Make the selected administrators users")
    def demote(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(
            request, found, lambda by, user: users.set_role(by, user, administrator=False), "no longer an administrator"
        )

    @admin.action(description="Activate the selected users")
    def activate(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, users.activate, "active")

    @admin.action(description="Deactivate the selected users")
    @confirmed("Deactivate them? They are signed out, and their tokens open nothing.")
    def deactivate(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, users.deactivate, "inactive")

    @admin.action(description="Sign the selected users out everywhere")
    def sign_out(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, users.sign_out, "signed out everywhere")

    @admin.action(description="Take the second factor of the selected users away")
    @confirmed("Take their second factors away? Be sure who asked you for it.")
    def reset_two_factor(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, users.reset_two_factor, "signs in by password alone")

    @admin.action(description="Delete the selected users")
    @confirmed("Delete them, with their tokens and all that was shared with them?")
    def delete(self, request: HttpRequest, found: QuerySet[User]) -> None:
        act(request, found, users.delete, "deleted")


@admin.register(ApiToken)
class ApiTokenAdmin(Audited):
    """To look and to revoke: a token made here would have a secret that nobody saw."""

    list_display = ["__str__", "of", "prefix", "life", "purpose", "expires_at", "last_used_at", "last_used_from"]
    list_filter = ["purpose", "remove_on_use", ("expires_at", admin.EmptyFieldListFilter), "created_at"]
    date_hierarchy = "created_at"
    list_select_related = ["owner"]
    search_fields = ["name", "prefix", "owner__username"]
    fields = [
        "owner",
        "name",
        "prefix",
        "purpose",
        "origin",
        "scopes",
        "containers",
        "remove_on_use",
        "created_at",
        "expires_at",
        "used_at",
        "last_used_at",
        "last_used_from",
    ]

    @admin.display(description="owner", ordering="owner__username")
    def of(self, token: ApiToken) -> str:
        return link(token.owner)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """To read, to narrow down, and to take away as CSV or JSON lines."""

    list_display = ["at", "username", "token", "via", "address", "action", "target", "outcome", "reason"]
    list_filter = ["outcome", "via", "action", "at"]
    search_fields = ["username", "token", "address", "action", "target", "request_id"]
    date_hierarchy = "at"
    show_full_result_count = False  # counts a table that only grows, for each page
    actions = ["as_csv", "as_json_lines"]

    @admin.action(description="Export the selected entries as CSV")
    def as_csv(self, request: HttpRequest, entries: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        return audit_export.download(entries, audit_export.CSV)

    @admin.action(description="Export the selected entries as JSON lines")
    def as_json_lines(self, request: HttpRequest, entries: QuerySet[AuditEntry]) -> StreamingHttpResponse:
        return audit_export.download(entries, audit_export.JSON_LINES)
