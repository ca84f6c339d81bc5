"""The media types of the API, and which of them a caller takes."""

JSON = "application/json"
LIGHTD = "application/vnd.pkglatv1+json"
# As the documents write it; media types are compared without regard to case.
LIGHTD_AS_WRITTEN = "Application/vnd.pkglatv1+json"

_SHOWN = {JSON: JSON, LIGHTD: LIGHTD_AS_WRITTEN}
# The one wildcard that the contract has. RFC 9110 leaves to a server what it sends: `application/*` is a 406 here.
_WILDCARD = "*/*"


def choose(accept: str | None) -> str | None:
    """The media type to answer with, as it is written in the answer; None if none is acceptable.

    A type that is named counts for more than the wildcard; of two equals, the first named wins.
    """
    offers = _parse(accept or "*/*")
    ranked: list[tuple[float, int, str]] = []
    for media_type in _SHOWN:
        named = next((name for name in (media_type, _WILDCARD) if name in offers), None)
        if named is not None:
            quality, place = offers[named]
            ranked.append((-quality, place, media_type))
    acceptable = [rank for rank in ranked if rank[0] < 0]
    # min is stable: where the wildcard stands for both, plain JSON comes first.
    return _SHOWN[min(acceptable, key=lambda rank: rank[:2])[2]] if acceptable else None


def _parse(accept: str) -> dict[str, tuple[float, int]]:
    """Each name offered, with its quality and its place."""
    offers: dict[str, tuple[float, int]] = {}
    for place, offer in enumerate(accept.split(",")):
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        offers.setdefault(name, (_quality(parameters), place))
    return offers


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
