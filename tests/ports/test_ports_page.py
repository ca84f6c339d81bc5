"""The page of the pool: everybody looks, administrators change."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from ports import pool
from ports.models import Port
from ports.pool import PortRequest
from tests.answers import text
from tests.people import container_of

ANY = "0.0.0.0"
URL = "/dashboard/ports/"


@pytest.fixture(autouse=True)
def _pool(alice: User) -> None:
    pool.add_range(ANY, 100, 103, "tcp")
    pool.add("127.0.0.1", 200, "udp")
    pool.take(container_of(alice), [PortRequest(host_port=101, container_port=8080)])
    pool.mark(ANY, 102, "tcp", in_use=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(answer: Any) -> list[str]:
    return [str(row.port) for row in answer.context["rows"]]


# --- Who sees what ---------------------------------------------------------------


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    assert client.get(URL)["Location"].startswith("/account/sign-in")


def test_one_s_own_container_is_named_and_led_to(alice: User) -> None:
    page = text(signed_in(alice).get(URL))

    assert '<a href="/dashboard/container/web-1/">web-1</a>' in page
    assert "port 8080 inside" in page


def test_of_another_s_container_only_that_it_is_one_is_said(bob: User) -> None:
    page = text(signed_in(bob).get(URL))

    assert "web-1" not in page
    assert "someone's container" in page


def test_who_may_not_change_the_pool_gets_no_buttons(alice: User, admin: User) -> None:
    assert "Mark 0.0.0.0:100/tcp as used" in text(signed_in(admin).get(URL))
    page = text(signed_in(alice).get(URL))

    for word in ("Add ports", "Delete", "Mark ", "checkbox"):
        assert word not in page


@pytest.mark.parametrize(("path", "body"), [("delete", {"port": f"{ANY} 100 tcp"}), ("mark-used", {}), ("add", {})])
def test_and_is_refused_all_the_same(alice: User, path: str, body: dict[str, str]) -> None:
    body = body or {"port": f"{ANY} 100 tcp"}

    answer = signed_in(alice).post(f"{URL}{path}", body)

    assert answer.status_code == 403
    assert answer.json() == {"error": "The permission ports is needed for this"}
    assert Port.objects.free().filter(port=100).exists()


def test_an_empty_pool_says_what_to_do_first(admin: User, alice: User) -> None:
    Port.objects.all().delete()

    assert "Add ports" in text(signed_in(admin).get(URL))
    assert "An administrator adds them" in text(signed_in(alice).get(URL))


# --- Searching -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("use=free", ["0.0.0.0:100/tcp", "0.0.0.0:103/tcp", "127.0.0.1:200/udp"]),
        ("use=used", ["0.0.0.0:101/tcp", "0.0.0.0:102/tcp"]),
        ("protocol=udp", ["127.0.0.1:200/udp"]),
        ("ip=127.0.0.1", ["127.0.0.1:200/udp"]),
        ("search=102", ["0.0.0.0:102/tcp"]),
        ("search=102-103", ["0.0.0.0:102/tcp", "0.0.0.0:103/tcp"]),
        ("search=127.0", ["127.0.0.1:200/udp"]),
        ("search=WEB", ["0.0.0.0:101/tcp"]),
        ("search=102&use=free", []),
        ("search=99999999999", []),
        ("search=1-99999999999", [f"0.0.0.0:{port}/tcp" for port in range(100, 104)] + ["127.0.0.1:200/udp"]),
    ],
)
def test_the_table_is_narrowed_down(alice: User, query: str, found: list[str]) -> None:
    assert listed(signed_in(alice).get(f"{URL}?{query}")) == found


def test_another_s_container_is_not_found_by_its_name(bob: User, admin: User) -> None:
    assert listed(signed_in(bob).get(f"{URL}?search=web-1")) == []
    assert listed(signed_in(admin).get(f"{URL}?search=web-1")) == ["0.0.0.0:101/tcp"]


def test_a_query_that_cannot_be_is_refused(alice: User) -> None:
    assert signed_in(alice).get(f"{URL}?use=x").status_code == 400


def test_htmx_gets_what_changes_alone(alice: User) -> None:
    answer = signed_in(alice).get(URL, HTTP_HX_REQUEST="true")

    assert text(answer).lstrip().startswith('<div id="pool"')
    assert "HX-Request" in answer["Vary"]


@pytest.mark.parametrize("number", [1, 300])
def test_it_costs_the_same_however_many_there_are(alice: User, number: int, django_assert_num_queries: Any) -> None:
    pool.add_range(ANY, 1000, 1000 + number, "tcp")
    client = signed_in(alice)

    with django_assert_num_queries(8):  # session, user, engine; addresses twice; count and rows; the picture's two
        client.get(URL)


# --- Changing --------------------------------------------------------------------


def test_a_port_and_a_range_are_added(admin: User) -> None:
    client = signed_in(admin)

    assert client.post(f"{URL}add", {"ip": ANY, "protocol": "tcp", "port": "300"})["Location"] == URL
    answer = client.post(f"{URL}add", {"ip": "::1", "protocol": "udp", "port": "400", "end": "404"}, follow=True)

    assert Port.objects.filter(ip=ANY, port=300, protocol="tcp").exists()
    assert Port.objects.filter(ip="::1", protocol="udp").count() == 5
    assert "5 ports are in the pool." in text(answer)
    assert AuditEntry.objects.filter(action="port.add", username="admin", via="page").count() == 2


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({"ip": "here", "port": "300"}, "ip", "Not a valid IPv4 or IPv6 address."),
        ({"ip": ANY, "port": "0"}, "port", "Ensure this value is greater than or equal to 1."),
        ({"ip": ANY, "port": "x"}, "port", "Enter a whole number."),
        ({"ip": ANY, "port": "300", "end": "70000"}, "end", "Ensure this value is less than or equal to 65535."),
        ({"ip": ANY, "port": "300", "end": "200"}, "port", "Must not be above the last port."),
        ({"ip": ANY, "port": "100"}, None, "Port already exists in pool"),
        ({"ip": ANY, "port": "90", "end": "110"}, "port", "0.0.0.0:100/tcp is in the pool already."),
        ({"ip": ANY}, "port", "This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    admin: User, body: dict[str, str], field: str | None, sentence: str
) -> None:
    answer: Any = signed_in(admin).post(f"{URL}add", {"protocol": "tcp", **body})

    assert answer.status_code in (400, 409)
    form = answer.context["form"]
    assert sentence in (form.errors[field] if field else form.non_field_errors())
    assert Port.objects.count() == 5


def test_the_chosen_are_deleted(admin: User) -> None:
    answer = signed_in(admin).post(
        f"{URL}delete?search=10", {"port": [f"{ANY} 100 tcp", f"{ANY} 103 tcp"]}, HTTP_HX_REQUEST="true"
    )

    assert answer.status_code == 200
    assert answer["HX-Trigger"] == '{"toast": "Deleted 2 ports from the pool"}'
    assert not Port.objects.filter(port__in=(100, 103)).exists()


def test_one_that_is_in_use_keeps_all_of_them(admin: User) -> None:
    answer = signed_in(admin).post(f"{URL}delete", {"port": [f"{ANY} 100 tcp", f"{ANY} 101 tcp"]})

    assert answer.status_code == 409
    assert answer.json() == {"error": "Port is in use: 0.0.0.0:101/tcp"}
    assert Port.objects.filter(port=100).exists()


def test_what_is_no_address_narrows_nothing(alice: User) -> None:
    assert signed_in(alice).get(f"{URL}?ip=abc").status_code == 400  # PostgreSQL cannot compare with it
    assert len(listed(signed_in(alice).get(f"{URL}?ip="))) == 5


@pytest.mark.parametrize(
    "names", [[], [""], ["x"], ["0.0.0.0 100"], ["0.0.0.0 99 tcp"], ["0.0.0.0 ² tcp"], [f"{ANY} {'9' * 5000} tcp"]]
)
def test_what_names_no_port_deletes_nothing(admin: User, names: list[str]) -> None:
    assert signed_in(admin).post(f"{URL}delete", {"port": names}).status_code in (400, 404)
    assert Port.objects.count() == 5


def test_a_port_is_marked_by_hand_and_cleared_again(admin: User) -> None:
    client = signed_in(admin)

    assert "held by hand" in text(client.post(f"{URL}mark-used?search=100", {"port": f"{ANY} 100 tcp"}))
    assert Port.objects.get(port=100).held

    client.post(f"{URL}mark-free", {"port": f"{ANY} 100 tcp"})
    assert not Port.objects.get(port=100).held


def test_a_container_s_port_cannot_be_cleared(admin: User) -> None:
    answer = signed_in(admin).post(f"{URL}mark-free", {"port": f"{ANY} 101 tcp"})

    assert answer.json() == {"error": "Port is in use by a container: 0.0.0.0:101/tcp"}
