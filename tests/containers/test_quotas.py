"""A user's containers together take no more than their quota."""

from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from containers import configure, quotas
from containers.models import Container
from ports import pool
from ports.pool import PortRequest
from rules.errors import Forbidden, LightdError
from tests.at_once import at_once
from tests.people import actor, container_of
from volumes import lifecycle as volume_lifecycle
from volumes import resizing

GIB = 1 << 30


@pytest.fixture
def limited(alice: User) -> User:
    alice.max_containers, alice.max_memory, alice.max_cpu, alice.max_ports = 2, 4 * GIB, 2.0, 2
    alice.save()
    return alice


def make(owner: User, internal_id: str, **limits: Any) -> Container:
    """As a create does: made, then compared with the quota, in one transaction."""
    with transaction.atomic():
        container = container_of(owner, internal_id)
        Container.objects.filter(pk=container.pk).update(**{"memory": GIB, "cpu": 0.5, **limits})
        container.refresh_from_db()
        quotas.refuse_beyond(container)
    return container


def test_within_it_everything_is_allowed(limited: User) -> None:
    make(limited, "a", memory=2 * GIB, cpu=1.0)
    make(limited, "b", memory=2 * GIB, cpu=1.0)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"memory": 4 * GIB}, "The quota of memory is 4096 MiB, and this would make it 5120 MiB"),
        ({"cpu": 1.75}, "The quota of CPU is 2 cores, and this would make it 2.25 cores"),
        ({"memory": None}, "limits.memory is needed: there is a quota of memory"),
        ({"cpu": None}, "limits.cpu is needed: there is a quota of CPU"),
    ],
)
def test_beyond_it_is_refused_and_says_which(limited: User, limits: dict[str, Any], sentence: str) -> None:
    make(limited, "a")

    with pytest.raises(Forbidden) as refused:
        make(limited, "b", **limits)

    assert refused.value.sentence == sentence
    assert Container.objects.count() == 1


@pytest.mark.parametrize(
    ("swap", "sentence"),
    [
        (5 * GIB, "The quota of memory is 4096 MiB, and this would make it 5120 MiB"),
        (-1, "memory_swap needs a limit: there is a quota of memory"),
    ],
)
def test_swap_counts_as_memory(limited: User, swap: int, sentence: str) -> None:
    container = make(limited, "a", resources={"memory_swap": 3 * GIB})
    assert quotas.used_by(limited).memory == 3 * GIB

    with pytest.raises(Forbidden) as refused, transaction.atomic():
        configure.change_resources(actor(limited), container, {"memory_swap": swap})

    assert refused.value.sentence == sentence
    with pytest.raises(Forbidden, match="would make it 5120 MiB"):
        make(limited, "b", memory=2 * GIB)


def test_who_is_beyond_it_may_change_what_it_does_not_limit(limited: User) -> None:
    container = make(limited, "a", resources={"memory_swap": 3 * GIB})
    limited.max_memory = GIB
    limited.save()

    with transaction.atomic():
        configure.change_resources(actor(limited), container, {"cpu_shares": 512})

    container.refresh_from_db()
    assert container.resources == {"memory_swap": 3 * GIB, "cpu_shares": 512}


def test_the_number_of_containers(limited: User) -> None:
    make(limited, "a")
    make(limited, "b")

    with pytest.raises(Forbidden, match="The quota of containers is 2, and this would make it 3"):
        make(limited, "c")


def test_the_number_of_ports_also_in_a_rebind(limited: User) -> None:
    pool.add_range("0.0.0.0", 30000, 30009, "tcp")
    container = make(limited, "a")
    with transaction.atomic():
        pool.take(container, [PortRequest(host_port=30000), PortRequest(host_port=30001)])
        quotas.refuse_beyond(container)

    with transaction.atomic():
        quotas.refuse_more_ports(container, 2)
        with pytest.raises(Forbidden, match="The quota of ports is 2, and this would make it 3"):
            quotas.refuse_more_ports(container, 3)


def test_others_and_administrators_are_not_counted(limited: User, bob: User, admin: User) -> None:
    for number in range(3):
        make(bob, f"b{number}", memory=None, cpu=None)
        make(admin, f"a{number}", memory=None, cpu=None)
    make(limited, "mine")


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_only_as_many_come_through_as_fit(limited: User) -> None:
    results = at_once(lambda number: make(limited, f"c{number}"), 10)

    assert sum(isinstance(result, Container) for result in results) == 2
    assert all("quota of containers" in str(result) for result in results if isinstance(result, LightdError))


def test_disk_is_given_to_volumes_by_their_size(limited: User) -> None:
    limited.max_disk_mb = 100
    limited.save()
    someone = actor(limited)

    volume_lifecycle.create(someone, 60)
    with pytest.raises(Forbidden, match="The quota of disk is 100 MB, and this would make it 120 MB"):
        volume_lifecycle.create(someone, 60)
    with pytest.raises(Forbidden, match="would make it 1084 MB"):  # of the usual size
        volume_lifecycle.create(someone, None)
    assert limited.volumes.count() == 1


def test_the_number_of_volumes_however_small_they_are(limited: User) -> None:
    limited.max_volumes = 2
    limited.save()
    someone = actor(limited)
    first = volume_lifecycle.create(someone, 1)
    volume_lifecycle.create(someone, 1)

    with pytest.raises(Forbidden, match="The quota of volumes is 2, and this would make it 3"):
        volume_lifecycle.create(someone, 1)

    volume_lifecycle.delete(someone, str(first.pk))
    volume_lifecycle.create(someone, 1)
    assert limited.volumes.count() == 2


def test_a_new_account_has_a_number_of_volumes_and_an_administrator_none(bob: User, admin: User) -> None:
    assert bob.max_volumes == 100
    admin.max_volumes = 0
    admin.save()

    volume_lifecycle.create(actor(admin), 1)


def test_who_has_more_volumes_than_the_quota_may_still_make_one_larger(limited: User) -> None:
    volume = volume_lifecycle.create(actor(limited), 1)
    limited.max_volumes = 0
    limited.save()

    assert resizing.resize(actor(limited), str(volume.pk), 2) is None
