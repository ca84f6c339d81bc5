"""The second factor: codes from an app (TOTP), and recovery codes for when the device is lost.

The rows are django-otp's. The key of an app has to be stored readable, as codes are computed from it. Of a recovery
code only a keyed hash is stored, in the 16 characters that django-otp has for it.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass

import segno
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.safestring import SafeString, mark_safe
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import audit, passwords, sessions, throttle
from accounts.actor import Actor, actor_of
from accounts.models import User
from rules.errors import Conflict, Invalid

RECOVERY_CODES = 10
# Without those that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_PARTS, _PART = 3, 4  # xxxx-xxxx-xxxx: 59 bits

WRONG = "The code is wrong, or was used before"


@dataclass(frozen=True)
class Factor:
    """Someone's second factor."""

    device: TOTPDevice
    codes_left: int


@dataclass(frozen=True)
class Offer:
    """A key that is not in use until one of its codes is given."""

    device: TOTPDevice

    @property
    def key(self) -> str:
        """To be typed where nothing can be scanned."""
        text = base64.b32encode(self.device.bin_key).decode().rstrip("=")
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))

    @property
    def qr(self) -> SafeString:
        """To be scanned: an SVG element."""
        code = segno.make(self.device.config_url, error="m", micro=False)
        svg = code.svg_inline(scale=5, dark="#000", light="#fff", title="QR code of the key")
        return mark_safe(svg)  # noqa: S308 - drawn here, without any text of the user's


def confirmed() -> QuerySet[TOTPDevice]:
    """The devices that someone is asked for."""
    return TOTPDevice.objects.filter(confirmed=True)


def is_on(user: User) -> bool:
    """Whether the user is asked for a second factor."""
    return confirmed().filter(user=user).exists()


def of(user: User) -> Factor | None:
    """The user's second factor."""
    device = confirmed().filter(user=user).first()
    return Factor(device, StaticToken.objects.filter(device__user=user).count()) if device else None


# --- Setting up ---------------------------------------------------------------


def offer(user: User) -> Offer:
    """A new key; one that was offered before is void."""
    _require_off(user)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return Offer(TOTPDevice.objects.create(user=user, name="app", confirmed=False))


def being_set_up(user: User) -> Offer:
    """The key that was offered last."""
    _require_off(user)
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return Offer(device) if device else offer(user)


def confirm(request: HttpRequest, user: User, code: str) -> list[str]:
    """Put the offered key into use and return its recovery codes. Whoever was signed in without it no longer is."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        device = being_set_up(user).device
        if not _is_right(device, code):
            raise Invalid.at("code", WRONG)
        device.confirmed = True
        device.save()
        codes = _make_codes(user)
        sessions.end_others(request, user)
        audit.record(actor_of(request), user, action="two_factor.on")
    return codes


def _require_off(user: User) -> None:
    if is_on(user):
        raise Conflict("Two-factor sign-in is on already; turn it off first")


# --- In use -------------------------------------------------------------------


def check(request: HttpRequest, user: User, code: str) -> None:
    """Use up a code of the app or a recovery code; raises if it is neither."""
    address = throttle.attempts_from(request.META.get("REMOTE_ADDR", ""))
    with throttle.attempt(address, throttle.codes_of(user)):
        if not (_use_app(user, code) or _use_recovery_code(user, code)):
            raise Invalid.at("code", WRONG)


def renew_codes(request: HttpRequest, user: User, code: str) -> list[str]:
    """Other recovery codes; the old ones are void."""
    check(request, user, code)
    with transaction.atomic():
        audit.record(actor_of(request), user, action="two_factor.codes")
        return _make_codes(user)


def turn_off(request: HttpRequest, user: User, password: str | None, code: str) -> None:
    """No longer ask the user for a second factor. Who signs in elsewhere has no password to give."""
    if user.has_usable_password():
        passwords.check_own(user, password or "")
    check(request, user, code)
    reset(actor_of(request), user)


def reset(actor: Actor, user: User) -> None:
    """Take the user's second factor away."""
    with transaction.atomic():
        audit.record(actor, user, action="two_factor.off")
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()


def _use_app(user: User, code: str) -> bool:
    with transaction.atomic():
        devices = confirmed().select_for_update().filter(user=user)
        return any(_is_right(device, code) for device in devices)


def _is_right(device: TOTPDevice, code: str) -> bool:
    digits = "".join(code.split())
    if len(digits) != device.digits or not (digits.isascii() and digits.isdigit()):
        return False
    return bool(device.verify_token(digits))


def _use_recovery_code(user: User, code: str) -> bool:
    used, _ = StaticToken.objects.filter(device__user=user, token=_stored(code)).delete()
    return bool(used)


def _make_codes(user: User) -> list[str]:
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes", confirmed=True)
        StaticToken.objects.bulk_create(StaticToken(device=device, token=_stored(code)) for code in codes)
    return codes


def _new_code() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_PART)) for _ in range(_PARTS))


def _stored(code: str) -> str:
    """80 bits of an HMAC with the site's own key."""
    plain = "".join(code.lower().replace("-", " ").split())
    digest = salted_hmac("accounts.two_factor", plain, algorithm="sha256").digest()
    return base64.b32encode(digest[:10]).decode()
