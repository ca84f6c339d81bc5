"""The state machine: no move leaves its table, and of two who move at once one does."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from containers import states
from containers.models import Container
from containers.states import ALLOWED, SOURCES, Action, State
from rules.errors import Conflict
from tests.at_once import at_once
from tests.people import container_of

# To a state, from any that the table allows or from some of those only.
asked = st.tuples(st.sampled_from(State), st.none() | st.frozensets(st.sampled_from(State)))


@pytest.mark.django_db
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begin=st.sampled_from(State), moves=st.lists(asked, max_size=12))
def test_no_sequence_of_moves_leaves_the_table(
    begin: State, moves: list[tuple[State, frozenset[State] | None]]
) -> None:
    with transaction.atomic():
        container = container_of(User.objects.create_user("owner"))
        Container.objects.filter(pk=container.pk).update(state=begin)
        now = begin

        for to, only_from in moves:
            moved = states.move(container.pk, to, only_from=only_from, error=f"moved to {to}")

            container.refresh_from_db()
            if moved:
                assert now in SOURCES[to]
                assert only_from is None or now in only_from
                assert container.error == f"moved to {to}"
                now = to
            else:
                assert now not in SOURCES[to] or (only_from is not None and now not in only_from)
            assert container.state == now

        transaction.set_rollback(True)


def test_every_state_can_be_left_and_reached() -> None:
    assert set(SOURCES) == set(State)
    assert frozenset.union(*SOURCES.values()) == set(State)
    assert all(SOURCES.values())
    assert all(state not in sources for state, sources in SOURCES.items())


@pytest.mark.django_db(transaction=True)
def test_of_many_who_move_at_once_one_does() -> None:
    container = container_of(User.objects.create_user("alice"))
    Container.objects.filter(pk=container.pk).update(state=State.READY)

    won = at_once(lambda index: states.move(container.pk, State.STARTING, error=str(index)), 10)

    assert won.count(True) == 1
    assert won.count(False) == 9
    container.refresh_from_db()
    assert container.error == str(won.index(True))


def test_what_is_gone_moves_nowhere(alice: User) -> None:
    container = container_of(alice)
    pk = container.pk
    container.delete()

    assert not states.move(pk, State.READY)


def test_the_database_knows_no_other_state(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Container.objects.filter(pk=container_of(alice).pk).update(state="dreaming")


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_a_refusal_names_the_action_and_the_state(action: Action, state: State) -> None:
    if state in ALLOWED[action]:
        states.refuse_unless_allowed(action, state)
        return

    with pytest.raises(Conflict) as refused:
        states.refuse_unless_allowed(action, state)

    shown = "stopped" if state == State.READY else state.value
    assert refused.value.sentence == f"Cannot {action.value} while container is {shown}"


def test_kill_is_allowed_wherever_a_process_may_be() -> None:
    assert states.ALLOWED[Action.KILL] >= {State.INSTALLING, State.STARTING, State.RUNNING, State.STOPPING}
