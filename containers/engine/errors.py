"""What the engine can answer instead of doing what it was asked."""

from rules.errors import EngineUnavailable, LightdError

__all__ = ["EngineRefused", "EngineUnavailable", "Gone", "TookTooLong"]


class EngineRefused(LightdError):
    """Docker answered, and said no; the sentence is Docker's own."""


class Gone(EngineRefused):
    """Docker does not know the container or the image (any more)."""


class TookTooLong(EngineUnavailable):
    """Docker took a call and did not answer in time: it is stuck, or what it was asked takes that long."""
