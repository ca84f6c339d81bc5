"""The second factor: set up, asked for, recovered, taken away."""

import re
from io import StringIO
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import throttle, two_factor
from accounts.models import User
from rules.errors import Invalid, LightdError
from tests.accounts.conftest import PASSWORD
from tests.answers import Answer, found
from tests.at_once import at_once

CODE_URL = "/account/sign-in/code"


@pytest.fixture
def carol(carol: User) -> User:
    """An administrator."""
    carol.is_superuser = carol.is_staff = True
    carol.save()
    return carol


def browser() -> Client:
    return Client(headers={"Accept": "text/html"})


def with_password(client: Client, goal: str = "") -> str:
    """Where one is sent after the right password."""
    answer = client.post("/account/sign-in", {"username": "carol", "password": PASSWORD, "next": goal})
    assert answer.status_code == 302
    return answer["Location"]


def give(client: Client, code: str) -> Answer:
    return client.post(CODE_URL, {"code": code})


def is_signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def next_code() -> str:
    """What the app shows; as if half a minute had passed since the last one was used."""
    TOTPDevice.objects.update(last_t=-1)
    return f"{TOTP(TOTPDevice.objects.get().bin_key).token():06}"


def turned_on(client: Client) -> list[str]:
    """Carol's recovery codes, after she has signed in and set everything up."""
    with_password(client)
    client.get("/account/two-factor/set-up")
    page = client.post("/account/two-factor/set-up", {"code": next_code()})
    assert page.status_code == 200
    return re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page.content.decode())


# --- Setting up ---------------------------------------------------------------


def test_the_key_is_shown_as_a_picture_drawn_here_and_as_text(carol: User) -> None:
    client = browser()
    with_password(client)

    page = client.get("/account/two-factor/set-up").content.decode()

    svg = ElementTree.fromstring(found(r'<div class="qr">(<svg.*?</svg>)', page))
    assert svg.tag.endswith("svg")
    assert "style=" not in page
    assert not re.search(r"(src|href)=.?(https?:|//|data:)", page)
    assert two_factor.being_set_up(carol).key in page
    assert 'autocomplete="one-time-code"' in page


def test_it_is_on_only_after_a_first_code(carol: User) -> None:
    client = browser()
    with_password(client)
    client.get("/account/two-factor/set-up")

    refused = client.post("/account/two-factor/set-up", {"code": "000000"})

    assert refused.status_code == 400
    assert "The code is wrong, or was used before" in refused.content.decode()
    assert two_factor.being_set_up(carol).key in refused.content.decode()
    assert not two_factor.is_on(carol)
    assert with_password(browser()) == "/"


def test_each_look_at_the_page_makes_another_key(carol: User) -> None:
    client = browser()
    with_password(client)

    keys = set()
    for _ in range(2):
        client.get("/account/two-factor/set-up")
        keys.add(TOTPDevice.objects.get().key)

    assert len(keys) == 2


def test_setting_up_ends_the_sessions_that_had_only_the_password(carol: User) -> None:
    other, client = browser(), browser()
    with_password(other)

    turned_on(client)

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_once_it_is_on_its_key_is_shown_no_more(carol: User) -> None:
    client = browser()
    turned_on(client)
    key = two_factor.Offer(TOTPDevice.objects.get()).key

    assert client.get("/account/two-factor/set-up")["Location"] == "/account/two-factor"
    for path in ("/account/two-factor", "/account/two-factor/codes", "/account/two-factor/turn-off", "/admin/"):
        assert key not in client.get(path).content.decode()
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


# --- Signing in ---------------------------------------------------------------


def test_the_password_alone_opens_nothing(carol: User) -> None:
    turned_on(browser())
    client = browser()

    assert with_password(client, "/docs/") == CODE_URL

    for path in ("/", "/account/sessions", "/admin/", "/docs/"):
        assert client.get(path).status_code == 302, path
    assert client.get("/volumes", headers={"Accept": "application/json"}).status_code == 401
    assert "carol" in client.get(CODE_URL).content.decode()
    assert give(client, next_code())["Location"] == "/docs/"
    assert is_signed_in(client)
    assert client.get("/admin/").status_code == 200


def test_a_code_without_the_password_before_it_is_nothing(carol: User) -> None:
    turned_on(browser())
    client = browser()

    assert client.get(CODE_URL)["Location"] == "/account/sign-in"
    assert give(client, next_code())["Location"] == "/account/sign-in"
    assert not is_signed_in(client)


@pytest.mark.parametrize("change", ["inactive", "password", "late"])
def test_half_a_sign_in_does_not_outlive_the_right_to_it(
    carol: User, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_on(browser())
    client = browser()
    with_password(client)
    if change == "inactive":
        User.objects.update(is_active=False)
    elif change == "password":
        carol.set_password("another horse battery")
        carol.save()
    else:
        session = client.session
        session["second_factor"] = {**session["second_factor"], "until": 0}
        session.save()

    assert give(client, next_code())["Location"] == "/account/sign-in"
    assert not is_signed_in(client)


def test_a_code_is_good_once(carol: User) -> None:
    turned_on(browser())
    code = next_code()
    first, second = browser(), browser()
    for client in (first, second):
        with_password(client)

    assert give(first, f"{code[:3]} {code[3:]}").status_code == 302
    assert give(second, code).status_code == 400
    assert not is_signed_in(second)


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "-12345", "0" * 40])
def test_what_is_no_code_is_refused(carol: User, code: str) -> None:
    turned_on(browser())
    client = browser()
    with_password(client)

    assert give(client, code).status_code == 400


def test_guessing_codes_is_throttled_from_wherever_it_comes(carol: User) -> None:
    turned_on(browser())
    for number in range(5):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        with_password(client)
        assert give(client, "000000").status_code == 400

    answer = give(client, next_code())

    assert answer.status_code == 429
    assert "Too many failed attempts; try again in 15 minutes" in answer.content.decode()
    assert not is_signed_in(client)


# --- Recovery codes -----------------------------------------------------------


def test_recovery_codes_are_shown_once_and_stored_hashed(carol: User) -> None:
    client = browser()
    codes = turned_on(client)

    assert len(set(codes)) == 10
    assert "10 recovery codes left" in client.get("/account/two-factor").content.decode()
    stored = " ".join(StaticToken.objects.values_list("token", flat=True)).lower()
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


def test_each_signs_in_once(carol: User) -> None:
    code = turned_on(browser())[0]
    first, second = browser(), browser()
    for client in (first, second):
        with_password(client)

    assert give(first, code.upper().replace("-", " ")).status_code == 302
    assert give(second, code).status_code == 400
    assert StaticToken.objects.count() == 9


@pytest.mark.django_db(transaction=True)
def test_of_two_uses_at_once_one_wins(carol: User, rf: RequestFactory) -> None:
    codes = turned_on(browser())
    request = rf.get("/")

    def use(code: str) -> list[LightdError | None]:
        return at_once(lambda _: two_factor.check(request, carol, code), 4)

    for code in (codes[0], next_code()):
        throttle.forget(carol)  # whoever came after the winner has failed, and counts
        outcomes = use(code)
        assert outcomes.count(None) == 1
        assert [type(outcome) for outcome in outcomes if outcome] == [Invalid] * 3


def test_new_ones_take_a_code_and_void_the_old(carol: User) -> None:
    client = browser()
    old = turned_on(client)

    assert client.post("/account/two-factor/codes", {"code": "000000"}).status_code == 400
    page = client.post("/account/two-factor/codes", {"code": next_code()}).content.decode()

    new = re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    with_password(other := browser())
    assert give(other, old[0]).status_code == 400
    assert give(other, new[0]).status_code == 302


# --- Off again ----------------------------------------------------------------


def test_turning_it_off_takes_password_and_code(carol: User) -> None:
    client = browser()
    turned_on(client)

    for password, code in (("wrong", next_code()), (PASSWORD, "000000"), ("", ""), (PASSWORD, "")):
        answer = client.post("/account/two-factor/turn-off", {"password": password, "code": code})
        assert answer.status_code == 400
        assert two_factor.is_on(carol)

    assert client.post("/account/two-factor/turn-off", {"password": PASSWORD, "code": next_code()}).status_code == 302
    assert not two_factor.is_on(carol)
    assert not StaticToken.objects.exists()
    assert with_password(browser()) == "/"


def test_who_has_no_password_gives_the_code_alone(carol: User) -> None:
    client = browser()
    turned_on(client)
    User.objects.update(password="!")
    client.force_login(User.objects.get())

    assert "id_password" not in client.get("/account/two-factor/turn-off").content.decode()
    assert client.post("/account/two-factor/turn-off", {"code": next_code()}).status_code == 302
    assert not two_factor.is_on(carol)


def test_a_command_helps_whoever_lost_everything(carol: User) -> None:
    turned_on(browser())
    client = browser()
    with_password(client)
    for _ in range(5):
        give(client, "000000")

    output = StringIO()
    call_command("reset_two_factor", "carol", stdout=output)

    assert "carol signs in with the password alone now" in output.getvalue()
    assert with_password(browser()) == "/"


@pytest.mark.parametrize(
    ("username", "sentence"), [("nobody", "There is no user nobody"), ("carol", "carol has no second factor")]
)
def test_the_command_says_when_there_is_nothing_to_do(carol: User, username: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("reset_two_factor", username)
