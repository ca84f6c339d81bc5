"""What runs on a volume. Containers do, and we know nothing of them: they say so when the site starts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from rules.errors import Conflict
from volumes.models import Volume

# The names of what runs on a volume, or is about to.
RunningOn = Callable[[Volume], Collection[str]]
_rules: list[RunningOn] = []


def also_run(rule: RunningOn) -> None:
    """From now on what `rule` names counts as well."""
    _rules.append(rule)


def running_on(volume: Volume) -> list[str]:
    """The names of what runs on the volume."""
    return sorted(name for rule in _rules for name in rule(volume))


def refuse_running(volume: Volume) -> None:
    """Raise Conflict if anything runs on the volume."""
    if running := running_on(volume):
        raise Conflict(f"The volume is in use by {', '.join(running)}; stop that first")
