"""What administrators do to accounts. Through whichever door: an administrator is always left, and nobody shuts
themselves out."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import asdict, dataclass

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, ProtectedError, QuerySet
from django.views.decorators.debug import sensitive_variables

from accounts import audit, throttle, two_factor
from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission, require
from rules.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True)
class Quota:
    """What all that a user owns may take together; None: not limited."""

    max_containers: int | None
    max_memory: int | None  # bytes
    max_cpu: float | None  # cores
    max_ports: int | None
    max_volumes: int | None
    max_disk_mb: int | None

    @classmethod
    def of(cls, user: User) -> Quota:
        return cls(
            user.max_containers, user.max_memory, user.max_cpu, user.max_ports, user.max_volumes, user.max_disk_mb
        )


def everyone(actor: Actor) -> QuerySet[User]:
    """All accounts."""
    require(actor, Permission.ADMIN)
    return with_figures(User.objects.all())


def with_figures(found: QuerySet[User]) -> QuerySet[User]:
    """Each with how many containers they own, and whether they have a second factor."""
    return found.annotate(
        owned=Count("containers"), has_two_factor=Exists(two_factor.confirmed().filter(user=OuterRef("pk")))
    )


def find(actor: Actor, user_id: int) -> User:
    """One of `everyone`."""
    user = everyone(actor).filter(pk=user_id).first()
    if user is None:
        raise NotFound("User not found")
    return user


def locked(user_id: int) -> User:
    """The owner whose quota is asked for, whom no other request of this kind has until the caller's transaction ends.
    Rows that only refer to them may be made meanwhile: locked against that as well, two creates would wait for each
    other."""
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


@audit.attempt("user.create", lambda username, **_: username)
@sensitive_variables("password")
def create(actor: Actor, username: str, *, email: str = "", password: str = "", administrator: bool = False) -> User:
    """A new account. Without a password it signs in through a provider only, until it is given one."""
    require(actor, Permission.ADMIN)
    user = User(username=username, email=email, is_superuser=administrator, is_staff=administrator)
    _refuse_bad(user, password)
    user.set_password(password or None)
    try:
        with transaction.atomic():
            user.save()
            audit.record(actor, user, after={"email": email, "administrator": administrator})
    except IntegrityError:
        raise _name_taken() from None
    return user


def generated_password() -> str:
    """One that no one guesses: 120 random bits."""
    return secrets.token_urlsafe(15)


@audit.attempt("user.role")
def set_role(actor: Actor, user: User, *, administrator: bool) -> None:
    """Make the user an administrator, or one no longer."""
    require(actor, Permission.ADMIN)
    with transaction.atomic():
        if not administrator:
            _refuse_to_shut_out(actor, user)
        audit.record(actor, user, before={"administrator": user.is_superuser}, after={"administrator": administrator})
        user.is_superuser = user.is_staff = administrator
        user.save(update_fields=["is_superuser", "is_staff"])


@audit.attempt("user.quota")
def set_quota(actor: Actor, user: User, quota: Quota) -> None:
    """Of what is owned already nothing is taken away: only what is asked for from now on is measured by it."""
    require(actor, Permission.ADMIN)
    before, after = asdict(Quota.of(user)), asdict(quota)
    changed = {name for name in after if after[name] != before[name]}
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**after)
        audit.record(
            actor, user, before={name: before[name] for name in changed}, after={name: after[name] for name in changed}
        )


@audit.attempt("user.deactivate")
def deactivate(actor: Actor, user: User) -> None:
    """The user is signed out everywhere, and their tokens open nothing; what is open is closed within a second."""
    require(actor, Permission.ADMIN)
    with transaction.atomic():
        _refuse_to_shut_out(actor, user)
        _set_active(user, active=False)
        user.sessions.all().delete()
        audit.record(actor, user)


@audit.attempt("user.activate")
def activate(actor: Actor, user: User) -> None:
    """The user may sign in again, and their tokens are good again."""
    require(actor, Permission.ADMIN)
    with transaction.atomic():
        _set_active(user, active=True)
        audit.record(actor, user)


@audit.attempt("user.password")
def give_password(actor: Actor, user: User) -> str:
    """A generated password in the place of the old one. The user is signed out everywhere, and may sign in at once,
    however often they tried in vain before."""
    require(actor, Permission.ADMIN)
    if actor.user.pk == user.pk:
        raise Conflict("This is your own account: change your password under Account")
    password = generated_password()
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        throttle.forget(user)
        audit.record(actor, user)
    return password


@audit.attempt("user.sign_out")
def sign_out(actor: Actor, user: User) -> None:
    """End all of the user's sessions, and what they have open within a second."""
    require(actor, Permission.ADMIN)
    with transaction.atomic():
        user.sessions.all().delete()
        audit.record(actor, user)


@audit.attempt("user.two_factor")
def reset_two_factor(actor: Actor, user: User) -> None:
    """For who lost device and recovery codes: the password alone signs in again."""
    require(actor, Permission.ADMIN)
    if not two_factor.is_on(user):
        raise Conflict(f"{user} has no second factor")
    with transaction.atomic():
        two_factor.reset(actor, user)
        throttle.forget(user)


@audit.attempt("user.delete")
def delete(actor: Actor, user: User) -> None:
    """With the user's tokens and all that was shared with them. Who owns anything is not deleted."""
    require(actor, Permission.ADMIN)
    with transaction.atomic():
        _refuse_to_shut_out(actor, user)
        audit.record(actor, user)
        try:
            user.delete()
        except ProtectedError as error:
            raise Conflict(f"{user} still owns {_counted(error)}: delete them first, or deactivate the user") from None


def _refuse_to_shut_out(actor: Actor, user: User) -> None:
    """In the transaction of the change. All administrators are locked: of two who do it to each other at the same
    time, only one comes through."""
    administrators = User.objects.select_for_update().filter(is_superuser=True, is_active=True).order_by("pk")
    if {each.pk for each in administrators} <= {user.pk}:
        raise Conflict(f"{user} is the last administrator: make somebody else one first")
    if actor.user.pk == user.pk:
        raise Conflict("This is your own account: another administrator has to do that")


def _set_active(user: User, *, active: bool) -> None:
    user.is_active = active
    user.save(update_fields=["is_active"])


def _refuse_bad(user: User, password: str) -> None:
    details: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        details |= error.message_dict
    try:
        if password:
            password_validation.validate_password(password, user)
    except ValidationError as error:
        details["password"] = error.messages
    if details:
        field, sentences = next(iter(details.items()))
        raise Invalid(f"{field}: {sentences[0].removesuffix('.')}", details)


def _name_taken() -> Conflict:
    sentence = "A user with that name exists already"
    return Conflict(sentence, {"username": [f"{sentence}."]})


def _counted(error: ProtectedError) -> str:
    """What keeps a user from being deleted: `2 containers and 1 volume`."""
    numbers = Counter(type(each)._meta for each in error.protected_objects)
    return " and ".join(
        f"{number} {meta.verbose_name if number == 1 else meta.verbose_name_plural}"
        for meta, number in sorted(numbers.items(), key=lambda item: str(item[0].verbose_name))
    )
