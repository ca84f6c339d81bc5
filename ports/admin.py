"""The pool in Django's admin."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_site import Audited, link
from ports.models import Port


@admin.register(Port)
class PortAdmin(Audited):
    """Ports are added and deleted here; who has one is decided by the pool alone."""

    list_display = ["__str__", "used_by", "container_port", "held", "reserved"]
    list_filter = ["protocol", "held", "reserved", ("container", admin.EmptyFieldListFilter), "ip"]
    list_select_related = ["container"]
    search_fields = ["ip", "port", "container__internal_id"]
    fields = ["ip", "port", "protocol", "container", "container_port", "held", "reserved"]
    readonly_fields = ["container", "container_port", "reserved"]

    @admin.display(description="container", ordering="container__internal_id")
    def used_by(self, port: Port) -> str:
        return link(port.container)

    def get_readonly_fields(self, request: HttpRequest, obj: Port | None = None) -> list[str]:
        if obj is None:
            return list(self.readonly_fields)
        # Its name is what containers know it by, and a container's port can't be held by hand too.
        return [*self.readonly_fields, "ip", "port", "protocol", *(["held"] if obj.container_id else [])]

    def has_delete_permission(self, request: HttpRequest, obj: Port | None = None) -> bool:
        in_use = obj is not None and obj.in_use
        return not in_use and super().has_delete_permission(request, obj)
