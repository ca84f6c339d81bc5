"""What one does about one's own sign-in is in the audit trail."""

from io import StringIO
from uuid import uuid4

from django.core.management import call_command
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import throttle
from accounts.models import AuditEntry, User

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another horse battery"


def test_each_step_with_its_door_and_its_address(db: None, quick_passwords: None) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post("/account/sign-in", {"username": "carol", "password": PASSWORD})
    client.post(f"/account/sessions/{uuid4()}/end")
    client.post("/account/password", {"password": PASSWORD, "new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD})
    client.get("/account/two-factor/set-up")
    client.post("/account/two-factor/set-up", {"code": f"{TOTP(TOTPDevice.objects.get().bin_key).token():06}"})
    client.post("/account/sign-out")
    call_command("reset_two_factor", "carol", stdout=StringIO())

    entries = AuditEntry.objects.order_by("id")
    assert list(entries.values_list("action", "outcome", "via", "address")) == [
        ("session.start", "accepted", "page", "192.0.2.1"),
        ("session.end", "refused", "page", "192.0.2.1"),
        ("password.change", "accepted", "page", "192.0.2.1"),
        ("two_factor.on", "accepted", "page", "192.0.2.1"),
        ("session.end", "accepted", "page", "192.0.2.1"),
        ("two_factor.off", "accepted", "command", None),
    ]
    assert set(entries.values_list("username", flat=True)) == {"carol"}
    for secret in (PASSWORD, NEW_PASSWORD):
        assert secret not in str(list(entries.values()))


def refused() -> list[tuple[str, str, str, str | None, str]]:
    entries = AuditEntry.objects.filter(outcome="refused").order_by("id")
    return list(entries.values_list("action", "username", "target", "address", "reason"))


def test_who_is_not_let_in_with_the_name_if_it_is_anybodys(db: None, quick_passwords: None) -> None:
    User.objects.create_user("carol", password=PASSWORD)
    client = Client(REMOTE_ADDR="192.0.2.1")

    client.post("/account/sign-in", {"username": "carol", "password": "guessed"})
    client.post("/account/sign-in", {"username": PASSWORD, "password": "carol"})

    wrong = "The user name or the password is wrong"
    assert refused() == [
        ("session.start", "carol", "carol", "192.0.2.1", wrong),
        ("session.start", "", "", "192.0.2.1", wrong),
    ]


def test_whose_second_factor_is_wrong(db: None, quick_passwords: None) -> None:
    carol = User.objects.create_user("carol", password=PASSWORD)
    TOTPDevice.objects.create(user=carol, confirmed=True)
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post("/account/sign-in", {"username": "carol", "password": PASSWORD})

    client.post("/account/sign-in/code", {"code": "000000"})

    assert [(action, username) for action, username, *_ in refused()] == [("session.start", "carol")]


def test_who_guesses_too_often_fills_no_trail(db: None, quick_passwords: None) -> None:
    client = Client(REMOTE_ADDR="192.0.2.1")

    for number in range(throttle.PER_ADDRESS + 5):
        client.post("/account/sign-in", {"username": f"user{number}", "password": "guessed"})

    assert len(refused()) == throttle.PER_ADDRESS
