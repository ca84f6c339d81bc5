"""For every page: whether the Docker engine answers, and what follows if it does not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from containers import health


def engine(request: HttpRequest) -> dict[str, Any]:
    """For every template; asked for only where it is shown."""
    return {"engine_away_since": health.engine_away_since, "engine_words": health.WORDS["engine"]}
