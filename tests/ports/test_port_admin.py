from django.test import Client

from accounts.models import User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.people import container_of

URL = "/admin/ports/port/"


def test_the_admin_lists_and_finds_ports(client: Client, admin: User) -> None:
    pool.add_range("0.0.0.0", 100, 101, "tcp")
    pool.take(container_of(admin), [PortRequest(host_port=100)])
    client.force_login(admin)

    text = client.get(f"{URL}?q=web-1&protocol__exact=tcp").content.decode()

    assert "0.0.0.0:100/tcp" in text
    assert "0.0.0.0:101/tcp" not in text


def test_the_admin_deletes_no_port_in_use(client: Client, admin: User) -> None:
    pool.add_range("0.0.0.0", 100, 101, "tcp")
    pool.take(container_of(admin), [PortRequest(host_port=100)])
    client.force_login(admin)
    taken, free = Port.objects.order_by("port")

    client.post(f"{URL}{taken.pk}/delete/", {"post": "yes"})
    client.post(f"{URL}{free.pk}/delete/", {"post": "yes"})
    client.post(URL, {"action": "delete_selected", "_selected_action": [taken.pk], "post": "yes"})

    assert list(Port.objects.all()) == [taken]
