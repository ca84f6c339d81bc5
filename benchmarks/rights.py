"""Who asks and whether they may: a token's check and the decision on one container, in this process."""

from __future__ import annotations

from accounts import tokens
from accounts.actor import Actor
from accounts.models import ApiToken, User
from accounts.permissions import Permission
from benchmarks.figures import Row, median
from benchmarks.listing import cpu, queries_of
from containers.access import find
from containers.models import Container, Grant

ROUNDS = 500


def measure() -> list[Row]:
    """The dearest case: a token that is limited, of a user who was granted one permission. `listing` made the rest."""
    container = Container.objects.all()[0]
    user = User.objects.create_user("granted")
    Grant.objects.create(container=container, user=user, permissions=[Permission.POWER.value])
    token, secret = tokens.issue(user, scopes=[Permission.POWER.value], containers=[container.internal_id])

    def ours() -> None:
        found = tokens.authenticate(secret)
        find(Actor(found.owner, found), container.internal_id, Permission.POWER)

    def raw() -> None:
        ApiToken.objects.select_related("owner").get(pk=token.pk)
        Container.objects.select_related("owner", "volume").get(pk=container.pk)

    ours()  # notes the token's use, once a minute
    pairs = [(cpu(ours), cpu(raw)) for _ in range(ROUNDS)]
    return [
        Row("who asks and may they, queries", queries_of(ours), "", 2),
        Row(
            "who asks and may they, CPU",
            median([mine for mine, _ in pairs]),
            "ms",
            1,
            median([bare for _, bare in pairs]),
            "both rows by their keys",
        ),
    ]
