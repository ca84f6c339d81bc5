"""What may stand for an image: the grammar of github.com/distribution/reference, as `docker pull` reads it, and which
of them this installation allows."""

from __future__ import annotations

import re2
from django.conf import settings

from rules.errors import Forbidden, Invalid

COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::[0-9]+)?"
REFERENCE = re2.compile(
    rf"(?:{DOMAIN}/)?{COMPONENT}(?:/{COMPONENT})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?(?:@sha256:[0-9a-f]{{64}})?"
)
MAX_LENGTH = 255
TAG_LENGTH = 128

HUB = "docker.io"
# Repositories in which we keep the file systems of containers: each is its container's alone.
OURS = (HUB, "lightd")


def refuse_bad_image(image: str) -> None:
    """Raise `Invalid` or `Forbidden` unless it is a reference, and one that may be used here."""
    refuse_bad_reference(image)
    refuse_unlisted(image)


def refuse_bad_reference(image: str) -> None:
    """Raise `Invalid` unless Docker could read `image` as a reference. Whether it exists shows when it is pulled."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    if len(image) > MAX_LENGTH or len(tag) > TAG_LENGTH or not REFERENCE.fullmatch(image):
        raise Invalid(f"Invalid image reference: {image[:MAX_LENGTH]}", {"image": ["Not an image reference."]})


def refuse_unlisted(image: str) -> None:
    """Raise `Forbidden` for what is not in LIGHTD_IMAGES_ALLOW, and for what we keep ourselves.

    Asked when an image is named, and again by the job that uses it: the list may have changed in between.
    """
    if not may_be_used(image):
        raise Forbidden(f"Image may not be used: {image}", {"image": ["Not an allowed image."]})


def may_be_used(image: str) -> bool:
    """Whether a reference is in LIGHTD_IMAGES_ALLOW, and nothing that we keep ourselves."""
    parts = repository_parts(image)
    listed = not settings.IMAGES_ALLOW or any(is_within(parts, pattern) for pattern in settings.IMAGES_ALLOW)
    return listed and not is_ours(image)


def is_ours(image: str) -> bool:
    """Whether it is the file system of a container, which we keep."""
    return repository_parts(image)[: len(OURS)] == OURS


def is_within(parts: tuple[str, ...], pattern: str) -> bool:
    """Whether a repository is the pattern's or below it, part by part: `ghcr.io/a` does not hold `ghcr.io/ab`, and
    `registry.example.com` does not hold `registry.example.com.evil`."""
    wanted = pattern_parts(pattern)
    return parts[: len(wanted)] == wanted


def pattern_parts(pattern: str) -> tuple[str, ...]:
    """A pattern names its registry: `docker.io`, `docker.io/library`, `ghcr.io/acme/game`."""
    host, *path = pattern.strip("/").split("/")
    return (registry(host), *path)


def repository_parts(image: str) -> tuple[str, ...]:
    """Registry and path of a reference, as Docker completes it: `debian` is `docker.io/library/debian`."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    parts = f"{head}{slash}{tail.partition(':')[0]}".split("/")
    if len(parts) == 1 or not is_registry(parts[0]):
        parts = [HUB, *parts]
    host, path = registry(parts[0]), parts[1:]
    return (host, "library", *path) if host == HUB and len(path) == 1 else (host, *path)


def is_registry(first: str) -> bool:
    """How Docker tells a registry from the first part of a path."""
    return "." in first or ":" in first or first == "localhost" or first != first.lower()


def registry(host: str) -> str:
    """The name of a registry, of which the hub's has two."""
    lowered = host.lower()
    return HUB if lowered == f"index.{HUB}" else lowered


def full_name(image: str) -> str:
    """The reference with its registry, as Docker completes it: never read as the beginning of an image's id, as `beef`
    would be, which may be the file system of somebody else's container."""
    name, at, digest = image.partition("@")
    repository = "/".join(repository_parts(image))
    if at:  # which says all: Docker does not look at a tag beside it
        return f"{repository}@{digest}"
    return f"{repository}:{name.rpartition('/')[2].partition(':')[2] or 'latest'}"


def familiar_name(image: str) -> str:
    """The reference as Docker shows it: `debian:bookworm` for `docker.io/library/debian:bookworm`."""
    name = full_name(image)
    for start in (f"{HUB}/library/", f"{HUB}/"):
        if name.startswith(start):
            return name.removeprefix(start)
    return name
