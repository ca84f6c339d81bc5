from django.urls import path

from ports import pages

app_name = "ports"

urlpatterns = [
    path("", pages.show_pool, name="list"),
    path("add", pages.add, name="add"),
    path("delete", pages.delete, name="delete"),
    path("mark-used", pages.mark, {"in_use": True}, name="mark-used"),
    path("mark-free", pages.mark, {"in_use": False}, name="mark-free"),
]
