"""Figures as people read them; static/js/units.js says sizes the same way in the browser."""

SIZES = ("B", "KiB", "MiB", "GiB", "TiB")
K = 1024


def size(count: float) -> str:
    """Bytes."""
    steps = 0
    while count >= K and steps < len(SIZES) - 1:
        count /= K
        steps += 1
    return f"{count:.{1 if steps and count < 100 else 0}f} {SIZES[steps]}"


def cores(number: float) -> str:
    return "1 core" if number == 1 else f"{number:g} cores"


def share(used: float, limit: float) -> int:
    """Percent. Of nothing, everything is used."""
    return round(used / limit * 100) if limit else 100


def part(used: str, limit: str) -> str:
    """One figure of another, `1.5 of 2 cores`: the unit is said once if it is the same."""
    number, _, unit = used.partition(" ")
    return f"{number if unit and limit.endswith(f' {unit}') else used} of {limit}"
