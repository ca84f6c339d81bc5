"""The pages of backups: what is shown to whom, and what their buttons do."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from containers.models import Container, Grant
from rules.figures import size
from tests.answers import shown
from tests.people import actor, container_of
from tests.volumes.backups.working import made
from volumes import storage
from volumes.backups import schedules
from volumes.backups.schedules import Plan
from volumes.models import Backup, BackupSchedule, Operation, Volume
from volumes.operations import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def address(name: str, volume: Volume, *rest: object) -> str:
    return reverse(f"volumes:{name}", args=[volume.pk, *rest])


def test_an_empty_list_says_what_a_backup_is(browser: Client, volume: Volume) -> None:
    page = shown(browser.get(address("backups", volume)))

    assert "No backups yet" in page
    assert "There are no schedules yet." in page


def test_one_is_made_and_followed(browser: Client, volume: Volume, folder: Path) -> None:
    answer = browser.post(address("backups-make", volume), {"name": "before"}, headers={"HX-Request": "true"})
    assert "Making before" in answer["HX-Trigger"]
    page = shown(answer)
    assert "waiting" in page
    assert 'hx-trigger="every 1s,' in page

    run.run(str(Operation.objects.get().pk))

    page = shown(browser.get(address("backups-list", volume)))
    backup = Backup.objects.get()
    assert f"Restore: {backup}" in page
    assert f"1 of at most {site.BACKUPS_PER_VOLUME}, {size(backup.size or 0)}" in page
    assert f'href="/backups/{backup.pk}/download"' in page
    assert 'hx-trigger="every 10s,' in page


def test_a_name_that_is_too_long_is_refused_beside_its_field(browser: Client, volume: Volume) -> None:
    answer = browser.post(address("backups-make", volume), {"name": "x" * 101}, headers={"HX-Request": "true"})

    assert (answer.status_code, Backup.objects.count()) == (422, 0)
    assert list(answer.context["form"].errors) == ["name"]
    assert "at most 100 characters" in answer.content.decode()


def test_one_too_many_is_refused_in_the_form(browser: Client, volume: Volume, settings: Settings) -> None:
    settings.BACKUPS_PER_VOLUME = 0

    answer = browser.post(address("backups-make", volume), {"name": "mine"}, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The volume has as many backups as it may have, 0; delete one first" in page
    assert 'value="mine"' in page


def test_what_has_not_changed_is_not_sent_again(browser: Client, alice: User, volume: Volume, folder: Path) -> None:
    made(alice, volume)
    version = browser.get(address("backups-list", volume)).context["shelf"].version

    assert browser.get(address("backups-list", volume), {"version": version}).status_code == 204
    Backup.objects.update(locked=True)
    assert browser.get(address("backups-list", volume), {"version": version}).status_code == 200


def test_one_is_restored_locked_unlocked_and_deleted(
    browser: Client, alice: User, volume: Volume, folder: Path
) -> None:
    backup = made(alice, volume)
    (folder / "start.sh").write_text("broken")

    for what, said in (("lock", "is locked"), ("unlock", "can be deleted"), ("restore", "after a safety copy")):
        answer = browser.post(address("backup", volume, backup.pk, what))
        assert said in answer["HX-Trigger"]
    assert "Restoring" in shown(browser.get(address("backups-list", volume)))
    run.run(str(Operation.objects.get(kind="restore").pk))
    assert "restored" in shown(browser.get(address("backups-list", volume)))
    assert (folder / "start.sh").read_text() == "#!/bin/sh\n"

    browser.post(address("backup", volume, backup.pk, "delete"))
    assert str(backup) not in shown(browser.get(address("backups-list", volume))).replace(f"as in <b>{backup}</b>", "")
    assert browser.post(address("backup", volume, backup.pk, "nonsense")).status_code == 404


def test_while_a_container_runs_a_restore_is_off_and_why_is_said(
    browser: Client, alice: User, volume: Volume, folder: Path
) -> None:
    backup = made(alice, volume)
    container = container_of(alice, "web-1")
    Container.objects.filter(pk=container.pk).update(volume=volume, state="running")

    page = shown(browser.get(address("backups", volume)))

    assert "To restore a backup here, stop web-1 first." in page
    assert f'title="Restore" disabled aria-describedby="restore-waits" data-confirm="{backup}' in page

    Container.objects.filter(pk=container.pk).update(state="ready")
    page = shown(browser.get(address("backups", volume)))
    assert "restore-waits" not in page


def test_a_refusal_is_a_sentence(browser: Client, alice: User, volume: Volume, folder: Path) -> None:
    backup = made(alice, volume)
    Backup.objects.update(locked=True)

    answer = browser.post(address("backup", volume, backup.pk, "delete"), headers={"HX-Request": "true"})

    assert (answer.status_code, answer.json()["error"]) == (409, "The backup is locked; unlock it first")


def test_those_of_a_volume_that_is_gone_are_with_all_of_one_s_own(
    browser: Client, alice: User, volume: Volume, folder: Path
) -> None:
    backup = made(alice, volume)
    storage.delete(Volume.objects.get())

    page = shown(browser.get(reverse("volumes:own-backups")))
    assert "(deleted)" in page
    assert f"Restore: {backup}" not in page

    answer = browser.post(reverse("volumes:own-backup", args=[backup.pk, "restore-new"]))
    assert "into the new volume" in answer["HX-Trigger"]


# --- Schedules ----------------------------------------------------------------

NIGHTLY = {"cron": "30 4 * * *", "time_zone": "Europe/Berlin", "keep": "3"}


def test_a_schedule_is_made_paused_and_deleted(browser: Client, volume: Volume) -> None:
    page = shown(browser.post(address("add-schedule", volume), NIGHTLY, headers={"HX-Request": "true"}))
    schedule = BackupSchedule.objects.get()
    assert "At 04:30 every day" in page
    assert "Europe/Berlin, keeps 3; next" in page

    assert "paused" in shown(browser.post(address("schedule", volume, schedule.pk, "pause")))
    assert "next" in shown(browser.post(address("schedule", volume, schedule.pk, "resume")))
    assert browser.post(address("schedule", volume, schedule.pk, "nonsense")).status_code == 404
    assert "There are no schedules yet." in shown(browser.post(address("schedule", volume, schedule.pk, "delete")))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"cron": "30 25 * * *"}, "The hour cannot be read."),
        ({"time_zone": "Mars"}, "There is no such time zone; it is called as in Europe/Berlin."),
        ({"keep": "0"}, "Ensure this value is greater than or equal to 1."),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(
    browser: Client, volume: Volume, typed: dict[str, str], sentence: str
) -> None:
    answer = browser.post(address("add-schedule", volume), NIGHTLY | typed, headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == list(typed)
    assert sentence in answer.content.decode()
    assert not BackupSchedule.objects.exists()


def test_the_next_times_are_shown_while_one_types(browser: Client, volume: Volume) -> None:
    assert "At 04:30 every day" in shown(browser.post(address("foresee-schedule", volume), NIGHTLY))
    page = shown(browser.post(address("foresee-schedule", volume), NIGHTLY | {"cron": "30 4"}))
    assert "Five fields are needed" in page
    assert "This field may not be blank." in shown(browser.post(address("foresee-schedule", volume), {}))


def test_a_line_that_no_schedule_may_have_is_not_foreseen(browser: Client, volume: Volume) -> None:
    long = NIGHTLY | {"cron": f"0{',0' * 50} * * * *"}

    assert "no more than 100 characters" in shown(browser.post(address("foresee-schedule", volume), long))


# --- Who ----------------------------------------------------------------------


@pytest.fixture
def shared(alice: User, bob: User, volume: Volume) -> Grant:
    container = container_of(alice)
    Container.objects.filter(pk=container.pk).update(volume=volume)
    return Grant.objects.create(container=container, user=bob, permissions=["files.read"])


def test_whoever_may_only_read_sees_no_buttons_that_change(
    client: Client, alice: User, bob: User, volume: Volume, folder: Path, shared: Grant
) -> None:
    backup = made(alice, volume)
    schedules.create(actor(alice), str(volume.pk), Plan("0 4 * * *", "UTC", 2, enabled=True))
    client.force_login(bob)

    for where in (address("backups", volume), reverse("containers:backups", args=["web-1"])):
        page = shown(client.get(where))
        assert str(backup) in page
        assert "download" in page
        for word in ("Make a backup", "Restore:", "Delete", "Add the schedule", "Pause"):
            assert word not in page.split("<dialog")[0], word
    for path in ("backups-make", "add-schedule"):
        assert client.post(address(path, volume), NIGHTLY).status_code == 403
    assert client.post(address("backup", volume, backup.pk, "delete")).status_code == 403


def test_a_stranger_finds_nothing(client: Client, bob: User, volume: Volume) -> None:
    client.force_login(bob)

    assert client.get(address("backups", volume)).status_code == 404
    assert client.get(address("backups-list", volume)).status_code == 404
    assert client.post(address("foresee-schedule", volume), NIGHTLY).status_code == 404


def test_a_list_costs_the_same_however_long(
    browser: Client, alice: User, volume: Volume, django_assert_num_queries: Any
) -> None:
    def more(count: int) -> None:
        for number in range(count):
            Backup.objects.create(volume=volume, of_volume=volume.pk, owner=alice, name=str(number), store="local")

    more(1)
    browser.get(address("backups-list", volume))
    with CaptureQueriesContext(connection) as queries:
        browser.get(address("backups-list", volume))
    more(20)
    with django_assert_num_queries(len(queries)):
        browser.get(address("backups-list", volume))
