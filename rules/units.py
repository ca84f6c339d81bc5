"""The units in which people are asked for memory, and in which the sizes of volumes are: their megabytes are MiB."""

MIB = 1 << 20  # bytes
UNITS = {"MiB": MIB, "GiB": 1 << 30}
USUAL = "MiB"
MOST = 1 << 30  # of either unit: no number that a host could have


def to_bytes(number: float | None, unit: str) -> int | None:
    """What was filled in, in bytes; `unit` may be empty. Nothing filled in stays None: no limit."""
    return None if number is None else round(number * UNITS[unit or USUAL])


def in_unit(size: int | None) -> tuple[str | None, str]:
    """Bytes as the number and the unit to fill in: the largest one without a fraction."""
    unit = "GiB" if size and size % UNITS["GiB"] == 0 else USUAL
    return None if size is None else f"{size / UNITS[unit]:.15g}", unit
