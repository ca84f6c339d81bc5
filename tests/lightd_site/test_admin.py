"""Django's admin: every list is found through, links to what is related, and costs the same however long it is."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db import connection
from django.db.models import Model
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts import audit, tokens
from accounts.actor import Actor
from accounts.models import ApiToken, AuditEntry, User
from containers import events
from containers.models import Container, Event, Grant, Heartbeat, Image, ImageJob, Job, SftpAccess
from ports.models import Port
from tests.answers import shown
from tests.people import browser_of, container_of
from volumes.models import Backup, BackupSchedule, Operation, Volume


def one_more(number: int) -> None:
    """A row of each kind, each with rows of others that it belongs to."""
    user = User.objects.create_user(f"user{number}")
    container = container_of(user, f"web-{number}")
    Port.objects.create(ip="0.0.0.0", port=1000 + number, protocol="tcp", container=container, container_port=80)
    Grant.objects.create(container=container, user=User.objects.create_user(f"guest{number}"), permissions=["power"])
    Job.objects.create(container=container, kind=Job.Kind.KILL)
    Image.objects.create(docker_id=f"sha256:{number}", names=[f"image{number}:1"], size=5, created_at=timezone.now())
    ImageJob.objects.create(kind=ImageJob.Kind.PULL, image=f"image{number}:1", shown=f"image{number}:1")
    SftpAccess.objects.create(container=container, user=user, username=f"user{number}.web-{number}")
    volume = container.volume
    schedule = BackupSchedule.objects.create(volume=volume, cron="0 4 * * *", keep=3)
    Backup.objects.create(
        volume=volume, of_volume=volume.pk, owner=user, name=f"backup{number}", store="local", schedule=schedule
    )
    Operation.objects.create(volume=volume, kind=Operation.Kind.COMPRESS)
    Heartbeat.objects.create(role=f"role{number}", beat_at=timezone.now())
    events.record(container, Event.Kind.EXIT, "Ended")
    tokens.issue(user, name=f"token{number}")
    audit.record(Actor(user), container, action="container.start")


PASSWORD = "correct horse battery"

# By what a row of `one_more(3)` is found.
SEARCHED: dict[type[Model], str] = {
    User: "user3",
    ApiToken: "token3",
    AuditEntry: "web-3",
    Container: "web-3",
    Event: "web-3",
    Grant: "guest3",
    Heartbeat: "role3",
    Image: "image3",
    ImageJob: "image3",
    Job: "web-3",
    Port: "1003",
    SftpAccess: "user3.web-3",
    Backup: "backup3",
    Operation: "web-3",
    BackupSchedule: "web-3",
    Volume: "web-3",
}
LISTS = [pytest.param(model, id=model.__name__) for model in SEARCHED]


def address(model: type[Model], page: str = "changelist", *args: Any) -> str:
    return reverse(admin_urlname(model._meta, SafeString(page)), args=args)


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


def rows(page: str) -> int:
    return page.count('class="action-select"') or len(re.findall(r'<th class="field-', page))


def test_every_list_is_tested_here() -> None:
    assert set(admin.site._registry) == set(SEARCHED)


@pytest.mark.parametrize("model", LISTS)
def test_a_list_costs_the_same_however_long(browser: Client, model: type[Model]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert rows(shown(browser.get(address(model))))
        return len(queries)

    one_more(1)
    short = cost()
    for number in range(2, 12):
        one_more(number)

    assert cost() == short


@pytest.mark.parametrize("model", LISTS)
def test_a_list_is_searched_and_its_rows_open(browser: Client, model: type[Model]) -> None:
    for number in range(1, 6):
        one_more(number)

    page = shown(browser.get(address(model), {"q": SEARCHED[model]}))

    assert rows(page) == 1
    assert ('id="changelist-filter"' in page) == (model is not Heartbeat)
    opened = re.search(rf'href="({address(model)}[^"]+/change/)', page)
    assert opened
    shown(browser.get(opened[1]))


def test_a_crashed_container_is_called_so_and_found_by_it(browser: Client, alice: User) -> None:
    one_more(1)
    one_more(2)
    Container.objects.filter(internal_id="web-2").update(state="ready", last_end=Container.LastEnd.CRASHED)

    assert '<b class="state-crashed">crashed</b>' in shown(browser.get(address(Container)))
    assert rows(shown(browser.get(address(Container), {"look": "crashed"}))) == 1
    assert rows(shown(browser.get(address(Container), {"o": "2"}))) == 2  # in the order of it


def test_related_rows_are_a_link_away(browser: Client, alice: User) -> None:
    one_more(1)
    container = Container.objects.get()
    owner = address(User, "change", container.owner_id)

    assert owner in shown(browser.get(address(Container)))
    page = shown(browser.get(address(Container, "change", container.pk)))
    assert owner in page
    for model in (Event, Job, Grant, Port, AuditEntry):
        narrowed = re.search(rf'href="({address(model)}\?[^"]+)"', page)
        assert narrowed, model
        assert rows(shown(browser.get(narrowed[1].replace("&amp;", "&")))) == 1
    assert f"{address(Container)}?owner__id__exact={container.owner_id}" in shown(browser.get(owner))


@pytest.mark.parametrize("model", [Container, Event, Job, Grant, AuditEntry, Heartbeat, Image, ImageJob, SftpAccess])
def test_what_only_the_site_writes_is_read_only(browser: Client, model: type[Model]) -> None:
    one_more(1)
    row = model._default_manager.first()
    assert row

    assert browser.get(address(model, "add")).status_code == 403
    assert browser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert 'name="_save"' not in shown(browser.get(address(model, "change", row.pk)))


def test_it_is_called_lightd_and_leads_back(browser: Client) -> None:
    page = shown(browser.get("/admin/"))

    assert '<a href="/admin/">Lightd</a>' in page
    assert '<a href="/">Dashboard</a>' in page
    assert "Django administration" not in page


# --- Actions on users -------------------------------------------------------------


def act(browser: Client, action: str, *users: User, **more: str) -> str:
    chosen = {"action": action, "_selected_action": [user.pk for user in users], **more}
    return shown(browser.post(address(User), chosen, follow=True))


def test_an_action_asks_first_and_names_whom_it_is_about(browser: Client, alice: User, bob: User) -> None:
    asked = act(browser, "deactivate", alice, bob)

    assert "Deactivate them?" in asked
    assert ">alice</a>" in asked
    assert User.objects.filter(is_active=True).count() == 3

    done = act(browser, "deactivate", alice, bob, confirmed="yes")

    assert "User alice: inactive" in done
    assert User.objects.filter(is_active=True).count() == 1
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.action, entry.via) == ("user.deactivate", "admin")


@pytest.mark.parametrize("action", ["demote", "deactivate", "delete"])
def test_the_last_administrator_stays_here_too(browser: Client, admin: User, action: str) -> None:
    assert "User admin: admin is the last administrator" in act(browser, action, admin, confirmed="yes")

    admin.refresh_from_db()
    assert admin.is_superuser
    assert admin.is_active


def test_role_and_account_are_no_fields_of_the_form(browser: Client, alice: User) -> None:
    form = {"username": "alice", "is_superuser": "on", "is_staff": "on", "max_containers": "3"}

    answer = browser.post(address(User, "change", alice.pk), form)

    assert answer.status_code == 302
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff, alice.is_active) == (False, False, True)
    assert alice.max_containers == 3


def test_who_owns_something_is_not_deleted_here_either(browser: Client, alice: User) -> None:
    container_of(alice, "web-1")

    assert "User alice: alice still owns 1 container and 1 volume" in act(browser, "delete", alice, confirmed="yes")
    assert browser.post(address(User, "delete", alice.pk), {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=alice.pk).exists()


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("change", {"username": "alice", "email": "alice@example.com"}),
        ("password", {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}),
    ],
)
def test_a_change_undoes_nothing_that_is_written_meanwhile(
    client: Client, admin: User, alice: User, page: str, form: dict[str, str]
) -> None:
    client.force_login(admin)
    before = alice.password

    def deactivate(**_: object) -> None:
        User.objects.filter(pk=alice.pk).update(is_active=False)

    pre_save.connect(deactivate, sender=User)
    try:
        assert client.post(f"/admin/accounts/user/{alice.pk}/{page}/", form).status_code == 302
    finally:
        pre_save.disconnect(deactivate, sender=User)

    alice.refresh_from_db()
    assert alice.email or alice.password != before
    assert not alice.is_active
