"""Backups that are made by themselves: when, how often, and how many stay."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from rules.errors import Conflict, Invalid
from tests.people import actor
from tests.volumes.backups.working import asked_at, made, worked
from volumes.backups import cron, lifecycle, schedules
from volumes.backups.schedules import Plan
from volumes.models import Backup, BackupSchedule, Operation, Volume

pytestmark = pytest.mark.django_db(transaction=True)

NIGHTLY = Plan("30 4 * * *", "Europe/Berlin", keep=2, enabled=True)


def scheduled(user: User, volume: Volume, plan: Plan = NIGHTLY) -> BackupSchedule:
    return schedules.create(actor(user), str(volume.pk), plan)


def come(schedule: BackupSchedule, late: timedelta = timedelta(0)) -> None:
    """Its time has come, so long ago."""
    BackupSchedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now() - late)
    schedules.begin_due()


def run_once(schedule: BackupSchedule) -> Backup:
    come(schedule)
    return worked(schedule.backups.get(status="making"))


# --- When ---------------------------------------------------------------------


def test_the_next_time_is_shown_in_its_zone(alice: User, volume: Volume) -> None:
    schedule = scheduled(alice, volume)

    assert schedule.next_at is not None
    there = schedule.next_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert (there.hour, there.minute) == (4, 30)
    assert timezone.now() < schedule.next_at <= timezone.now() + timedelta(hours=25)


def times(line: str, zone: str, *moment: int, count: int = 3) -> list[str]:
    found = cron.following(line, zone, datetime(*moment, tzinfo=UTC), count)  # type: ignore[misc,arg-type]
    return [due.strftime("%m-%d %H:%M") for due in found]


@pytest.mark.parametrize(
    ("line", "moment", "expected"),
    [
        # 29 March 2026, 2:00 is 3:00: what would come in between comes right after.
        ("30 2 * * *", (2026, 3, 28, 12), ["03-29 01:00", "03-30 00:30", "03-31 00:30"]),
        # 25 October 2026, 3:00 is 2:00: what comes then comes once.
        ("30 2 * * *", (2026, 10, 24, 12), ["10-25 00:30", "10-26 01:30", "10-27 01:30"]),
        # What comes each hour goes on doing so.
        ("30 * * * *", (2026, 3, 29, 0, 0), ["03-29 00:30", "03-29 01:30", "03-29 02:30"]),
        ("30 * * * *", (2026, 10, 25, 0, 0), ["10-25 00:30", "10-25 01:30", "10-25 02:30"]),
        ("0 12 29 2 *", (2026, 1, 1), ["02-29 11:00"] * 3),
        ("0 12 L * *", (2026, 1, 30), ["01-31 11:00", "02-28 11:00", "03-31 10:00"]),
        ("0 12 * * MON", (2026, 11, 25), ["11-30 11:00", "12-07 11:00", "12-14 11:00"]),
    ],
)
def test_changes_of_the_clocks_and_of_months(line: str, moment: tuple[int, ...], expected: list[str]) -> None:
    assert times(line, "Europe/Berlin", *moment) == expected


@pytest.mark.parametrize(
    ("line", "zone", "sentence"),
    [
        ("* * * *", "UTC", "cron: Five fields are needed: minute, hour, day of the month, month, day of the week"),
        ("0 0 * * * *", "UTC", "cron: Five fields are needed: minute, hour, day of the month, month, day of the week"),
        ("60 * * * *", "UTC", "cron: The minute cannot be read"),
        ("* 24 * * *", "UTC", "cron: The hour cannot be read"),
        ("* * 0 * *", "UTC", "cron: The day of the month cannot be read"),
        ("* * * foo *", "UTC", "cron: The month cannot be read"),
        ("* * * * 9", "UTC", "cron: The day of the week cannot be read"),
        ("*/0 * * * *", "UTC", "cron: The minute cannot be read"),
        ("0 0 31 2 *", "UTC", "cron: The day of the month cannot be read"),
        ("0 0 * * *", "Mars/Olympus", "time_zone: There is no such time zone; it is called as in Europe/Berlin"),
        ("0 0 * * *", "../../etc/passwd", "time_zone: There is no such time zone; it is called as in Europe/Berlin"),
    ],
)
def test_what_cannot_be_read_is_named(alice: User, volume: Volume, line: str, zone: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        scheduled(alice, volume, Plan(line, zone, 1, enabled=True))

    assert refused.value.sentence == sentence
    assert list(refused.value.details or {}) == [sentence.split(":")[0]]


# --- Being due ----------------------------------------------------------------


def test_when_it_is_due_a_backup_is_made(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume)
    schedules.begin_due()
    assert not Backup.objects.exists()

    backup = run_once(schedule)

    assert (backup.status, backup.actor, backup.schedule) == ("good", "schedule", schedule)
    schedule.refresh_from_db()
    assert schedule.next_at is not None
    assert schedule.next_at > timezone.now()


def test_the_volume_is_locked_before_its_backups_are_counted(alice: User, volume: Volume, folder: Path) -> None:
    """One that its owner begins at the same moment would not be counted."""
    schedule = scheduled(alice, volume)

    with CaptureQueriesContext(connection) as queries:
        come(schedule)

    counted = asked_at(queries, 'COUNT(*) AS "__count" FROM "volumes_backup"')
    assert asked_at(queries, 'FROM "volumes_volume" WHERE') < counted


def test_of_many_missed_runs_one_is_made_up_for(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume)

    come(schedule, late=timedelta(days=30))
    schedules.begin_due()

    assert Operation.objects.count() == 1


def test_two_supervisors_begin_it_once(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume)
    BackupSchedule.objects.filter(pk=schedule.pk).update(next_at=timezone.now())
    ready = threading.Barrier(4)

    def begin() -> None:
        ready.wait(10)
        schedules.begin_due()
        connection.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert Operation.objects.count() == 1


def test_one_that_is_turned_off_is_never_due(alice: User, volume: Volume) -> None:
    schedule = scheduled(alice, volume)

    changed = schedules.change(actor(alice), str(volume.pk), str(schedule.pk), {"enabled": False})

    assert changed.next_at is None
    schedules.begin_due()
    assert not Backup.objects.exists()
    assert schedules.change(actor(alice), str(volume.pk), str(schedule.pk), {"enabled": True}).next_at is not None


def test_while_the_one_before_is_made_none_is_begun(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume)
    come(schedule)

    come(schedule)

    assert Operation.objects.count() == 1


def test_a_run_that_is_refused_is_listed_with_the_reason(
    alice: User, volume: Volume, folder: Path, settings: Settings
) -> None:
    made(alice, volume)
    schedule = scheduled(alice, volume)
    settings.BACKUPS_PER_VOLUME = 1

    come(schedule)

    backup = schedule.backups.get()
    assert (backup.status, backup.error) == (
        "failed",
        "The volume has as many backups as it may have, 1; delete one first",
    )


def test_of_failures_the_latest_are_listed(alice: User, volume: Volume, folder: Path, settings: Settings) -> None:
    schedule = scheduled(alice, volume)
    settings.BACKUPS_PER_VOLUME = 0

    for _ in range(6):
        come(schedule)

    assert len(lifecycle.of_volume(actor(alice), str(volume.pk))) == 4


# --- What stays ---------------------------------------------------------------


def test_the_newest_stay_and_locked_ones(alice: User, volume: Volume, folder: Path, backup_root: Path) -> None:
    by_hand = made(alice, volume)
    schedule = scheduled(alice, volume)
    first = run_once(schedule)
    lifecycle.change(actor(alice), str(first.pk), locked=True)

    runs = [run_once(schedule) for _ in range(4)]

    kept = set(lifecycle.of_volume(actor(alice), str(volume.pk)))
    assert kept == {by_hand, first, *runs[-2:]}
    assert {path.name for path in backup_root.iterdir()} == {backup.file for backup in kept}


def test_a_failed_run_takes_none_away(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume, Plan("0 0 * * *", "UTC", 1, enabled=True))
    good = run_once(schedule)
    (folder / ".lightdignore").write_text("x" * 20_000)

    failed = run_once(schedule)

    good.refresh_from_db()
    assert (good.status, failed.status) == ("good", "failed")


def test_what_a_schedule_keeps_fits_beside_the_bound(
    alice: User, volume: Volume, folder: Path, settings: Settings
) -> None:
    """With as many as it may have, the one that goes for the new one makes room for it."""
    settings.BACKUPS_PER_VOLUME = 2
    schedule = scheduled(alice, volume)

    runs = [run_once(schedule) for _ in range(3)]

    assert [run.status for run in runs] == ["good"] * 3


def test_a_locked_one_is_deleted_by_nobody(alice: User, volume: Volume, folder: Path) -> None:
    backup = made(alice, volume)
    lifecycle.change(actor(alice), str(backup.pk), locked=True)

    with pytest.raises(Conflict, match="The backup is locked; unlock it first"):
        lifecycle.delete(actor(alice), str(backup.pk))

    lifecycle.change(actor(alice), str(backup.pk), locked=False)
    lifecycle.delete(actor(alice), str(backup.pk))


def test_what_it_made_outlives_it(alice: User, volume: Volume, folder: Path) -> None:
    schedule = scheduled(alice, volume)
    backup = run_once(schedule)

    schedules.delete(actor(alice), str(volume.pk), str(schedule.pk))

    backup.refresh_from_db()
    assert (backup.status, backup.schedule) == ("good", None)


def test_a_volume_has_so_many(alice: User, volume: Volume) -> None:
    for _ in range(schedules.MOST):
        scheduled(alice, volume)

    with pytest.raises(Conflict, match="The volume has 10 schedules"):
        scheduled(alice, volume)


def test_a_database_that_is_busy_switches_nothing_off(
    alice: User, volume: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = scheduled(alice, volume)

    def busy(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(lifecycle, "begin", busy)
        come(schedule)
    schedules.begin_due()  # a second later

    schedule.refresh_from_db()
    assert schedule.next_at is not None
    assert schedule.backups.count() == 1


def test_it_keeps_no_more_than_a_volume_may_have(alice: User, volume: Volume, settings: Settings) -> None:
    """With more, it would be refused each night from the eleventh on."""
    settings.BACKUPS_PER_VOLUME = 3
    schedule = scheduled(alice, volume, replace(NIGHTLY, keep=3))

    with pytest.raises(Invalid, match="keep: A volume may have 3 backups"):
        scheduled(alice, volume, replace(NIGHTLY, keep=4))
    with pytest.raises(Invalid, match="keep: A volume may have 3 backups"):
        schedules.change(actor(alice), str(volume.pk), str(schedule.pk), {"keep": 4})

    assert volume.backup_schedules.count() == 1


def test_one_that_keeps_too_many_by_now_can_still_be_paused(alice: User, volume: Volume, settings: Settings) -> None:
    schedule = scheduled(alice, volume)
    settings.BACKUPS_PER_VOLUME = 1

    assert not schedules.change(actor(alice), str(volume.pk), str(schedule.pk), {"enabled": False}).enabled
