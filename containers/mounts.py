"""Which host paths may be mounted into a container. Whoever mounts `/etc` or the engine's socket owns the host."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from containers.engine import client as engine
from containers.engine.config import DATA, HOME
from rules.errors import Forbidden, Invalid

if TYPE_CHECKING:
    from accounts.actor import Actor
    from containers.models import Container

PROTECTED = ("/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run", "/var/run", "/var/lib/docker")


def refuse_by_others(actor: Actor, mount: dict[str, str]) -> None:
    """Raise Forbidden unless an administrator mounts host paths: whoever does can write to the host as root."""
    if mount and not actor.is_admin:
        path = next(iter(mount.values()))
        raise Forbidden(f"Host path may not be mounted: {path} (administrators only)", field="mount")


def protected_paths() -> set[Path]:
    """The contract's protected paths, our storage, backups and the engine's socket; each with what it resolves to."""
    paths = {Path(path) for path in PROTECTED} | {Path(settings.STORAGE_ROOT), Path(settings.BACKUP_ROOT)}
    socket = urlsplit(settings.ENGINE_URL)
    if socket.scheme == "unix":
        paths.add(Path(socket.path))
    return paths | {Path(os.path.realpath(path)) for path in paths}


def resolve(mount: dict[str, str]) -> dict[str, str]:
    """Check a map of container path to host path, and return it with every host path resolved through its links.

    Asked when the container is requested, and again when it is made: a link may have been changed in between, and
    what is mounted is what was checked, never the link.

    Raises:
        Invalid: a path is not absolute, cannot be, or hides one of ours in the container.
        Forbidden: a host path is protected; the sentence names it.
    """
    resolved: dict[str, str] = {}
    for target, source in mount.items():
        refuse_bad_target(target)
        plain = str(PurePosixPath(target))
        if plain in resolved:
            raise Invalid.at("mount", f"Container path is already used: {target}")
        resolved[plain] = str(resolve_source(source))
    return resolved


def resolve_present(mount: dict[str, str]) -> dict[str, str]:
    """The same where every host path has to be there. One that is missing from a container that was made with it is on
    a disk that is not mounted: nothing empty takes its place.

    Raises:
        Invalid: one does not exist, or as `resolve`.
        Forbidden: as `resolve`.
    """
    resolved = resolve(mount)
    for source in resolved.values():
        refuse_missing(Path(source))
    return resolved


def refuse_missing(source: Path) -> None:
    """Raise Invalid for a host path that is not there."""
    if not source.exists():
        raise Invalid.at("mount", f"Host path does not exist: {source}")


def missing(mount: dict[str, str]) -> list[str]:
    """The host paths that a new container brings along: they are made with it. Raises as `resolve`."""
    return [source for source in resolve(mount).values() if not os.path.exists(source)]


def make_missing(sources: list[str]) -> None:
    """Make what `missing` found when the container was requested: empty folders, as `docker run -v` does.

    Raises:
        Invalid: one cannot be made.
        Forbidden: one leads to a protected path by now.
    """
    for source in sources:
        real = resolve_source(source)
        try:
            real.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Invalid.at("mount", f"Host path could not be made: {source} ({error.strerror})") from None


def resolve_source(source: str) -> Path:
    """The real path behind `source`, if it may be mounted."""
    if not source.startswith("/"):
        raise Invalid.at("mount", f"Host path is not absolute: {source}")
    try:
        real = Path(os.path.realpath(source))
    except OSError:  # a link that even we may not follow, as those below /proc are
        raise forbidden(source) from None
    for path in (Path(os.path.normpath(source)), real):
        if any(meets(path, protected) for protected in protected_paths()):
            raise forbidden(source)
    try:
        real.stat()
    except FileNotFoundError:
        pass  # made with its container
    except OSError as error:  # a name that is too long, a file for a folder, links in a circle
        raise Invalid.at("mount", f"Host path cannot be mounted: {source} ({error.strerror})") from None
    return real


def refuse_moved(container: Container, docker_id: str) -> None:
    """Refuse to start a container one of whose host paths leads elsewhere than when it was made.

    The kernel follows links anew at each start, and what lies below a mounted path may have been changed by whoever
    has it mounted too.

    Raises:
        Forbidden: the sentence names the path.
        Invalid: one is not there any more.
    """
    if not container.mount:
        return
    for source in map(Path, engine.inspect(docker_id).host_paths):
        if source.is_relative_to(settings.STORAGE_ROOT):
            continue
        if resolve_source(str(source)) != source:
            raise Forbidden(f"Host path leads elsewhere than when it was mounted: {source}")
        refuse_missing(source)


def meets(path: Path, protected: Path) -> bool:
    """Whether one of the two holds the other. Compared part by part: `/mnt/a` does not hold `/mnt/ab`."""
    return path.is_relative_to(protected) or protected.is_relative_to(path)


def refuse_bad_target(target: str) -> None:
    """A container path is absolute, plain, and leaves our own two mounts and the kernel's file systems visible."""
    path = PurePosixPath(target)
    if not target.startswith("/") or ".." in path.parts or ":" in target or target.startswith("//"):
        raise Invalid.at("mount", f"Container path is not a plain absolute path: {target}")
    kept = (PurePosixPath(HOME), PurePosixPath(DATA))
    if any(ours.is_relative_to(path) for ours in kept) or path.is_relative_to(DATA):
        raise Invalid.at("mount", f"Container path is already used: {target}")
    if any(path.is_relative_to(system) for system in ("/proc", "/sys", "/dev")):
        raise Invalid.at("mount", f"Container path belongs to the kernel: {target}")


def forbidden(source: str) -> Forbidden:
    return Forbidden(f"Host path may not be mounted: {source}", field="mount")
