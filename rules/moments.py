"""Moments as the API has them."""

import datetime as dt
from typing import overload


@overload
def unix(moment: dt.datetime) -> int: ...
@overload
def unix(moment: None) -> None: ...
@overload
def unix(moment: dt.datetime | None) -> int | None: ...
def unix(moment: dt.datetime | None) -> int | None:
    """Whole seconds since 1970; None of none."""
    return None if moment is None else int(moment.timestamp())
