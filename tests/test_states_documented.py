"""The tables of docs/architecture.md say what the state machine does."""

from pathlib import Path

from containers.states import ALLOWED, SOURCES, Action, State

LINES = (Path(__file__).resolve().parent.parent / "docs/architecture.md").read_text().splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_transitions() -> None:
    begin = next(number for number, line in enumerate(LINES) if line.startswith("| To ↓ from →"))
    sources = cells(LINES[begin])[1:]
    rows = [cells(line) for line in LINES[begin + 2 : begin + 2 + len(State)]]

    documented = {row[0]: {name for name, cell in zip(sources, row[1:], strict=True) if cell} for row in rows}

    assert documented == {to.value: {state.value for state in states} for to, states in SOURCES.items()}


def documented_states(action: str) -> set[str]:
    begin = LINES.index("| Asked for | in |")
    line = next(line for line in LINES[begin:] if action in cells(line)[0].split(", "))
    text = cells(line)[1]
    if text.startswith("every state"):
        return set(State.values) - set(text.removeprefix("every state").removeprefix(" but ").split(", "))
    return set(text.split(", "))


def test_what_may_be_asked_when() -> None:
    for action in Action:
        assert documented_states(action.value.split()[0]) == {state.value for state in ALLOWED[action]}, action
