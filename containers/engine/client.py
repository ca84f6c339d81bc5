"""Docker as the workers and the web see it: synchronous calls, each with a time-out, each error in our family."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import docker
import requests
import urllib3
from django.conf import settings
from docker import errors as docker_errors
from docker.utils import parse_repository_tag

from containers.engine.answers import Inspected, inspected, why_not_pulled
from containers.engine.cgroups import from_engine
from containers.engine.config import LABEL_CONTAINER, LABEL_INSTANCE, LABEL_INTERNAL_ID, LABEL_JOB, LABELS
from containers.engine.errors import EngineRefused, EngineUnavailable, Gone, TookTooLong

log = logging.getLogger(__name__)

# Docker's overlay driver takes 127 layers below a container, and an image may bring some of them along.
MAX_LAYERS = 60

# Seconds. A read that brings nothing for so long is given up; streams count from their last message.
PING_TIMEOUT = 2
SLOW_TIMEOUT = 60
COMMIT_TIMEOUT = 900
PULL_TIMEOUT = 300


# An engine that dies in the middle of a stream shows as urllib3's own error, which requests does not wrap there.
BROKEN_OFF = (
    docker_errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


@cache
def _client(timeout: int) -> docker.APIClient:
    # "auto" asks the engine once: a new Docker no longer speaks the old versions, an old one not yet the new.
    return docker.APIClient(base_url=settings.ENGINE_URL, version="auto", timeout=timeout)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn docker-py's and requests' exceptions into ours."""
    try:
        yield
    except docker_errors.NullResource:
        raise  # an empty id: our own mistake, not the engine's
    except docker_errors.NotFound as error:
        raise Gone(_explanation(error)) from error
    except docker_errors.APIError as error:
        raise EngineRefused(_explanation(error)) from error
    except BROKEN_OFF as error:
        kind = TookTooLong if _timed_out(error) else EngineUnavailable
        raise kind("Docker engine unreachable") from error


def _timed_out(error: Exception) -> bool:
    """Whether the engine took the call and fell silent: before its answer, or, as requests tells that, within."""
    told = error.args[0] if isinstance(error, requests.exceptions.ConnectionError) and error.args else error
    return isinstance(told, requests.exceptions.ReadTimeout | urllib3.exceptions.ReadTimeoutError)


def _explanation(error: docker_errors.APIError) -> str:
    return str(error.explanation or error).strip()


def ping() -> None:
    """Raise `EngineUnavailable` unless the engine answers within two seconds."""
    with _translated():
        _client(PING_TIMEOUT).ping()


def image_exists(image: str) -> bool:
    """Whether the image is on the host."""
    try:
        with _translated():
            _client(settings.ENGINE_TIMEOUT).inspect_image(image)
    except Gone:
        return False
    return True


def names_of(image: str) -> list[str]:
    """The tagged references of an image. Raises `Gone` when it is not on the host."""
    with _translated():
        return list(_client(settings.ENGINE_TIMEOUT).inspect_image(image)["RepoTags"] or ())


def pull(image: str, on_progress: Callable[[dict[str, Any]], None]) -> None:
    """Pull an image.

    Args:
        image: reference; without a tag `latest` is meant.
        on_progress: called with each message of Docker's progress stream (fields `status`, `id`,
            `progressDetail.current` and `.total` in bytes); what it raises ends the pull.

    Raises:
        EngineRefused: the registry has no such image, or Docker cannot reach it.
    """
    repository, tag = parse_repository_tag(image)
    try:
        with _translated():
            for message in _client(PULL_TIMEOUT).pull(repository, tag=tag or "latest", stream=True, decode=True):
                if "error" in message:
                    raise EngineRefused(str(message["error"]))
                on_progress(message)
    except EngineRefused as refused:
        log.warning("Docker could not pull %s: %s", image, refused.sentence)
        raise type(refused)(why_not_pulled(refused.sentence)) from refused


def create(name: str, config: dict[str, Any]) -> str:
    """Create a container from a raw create body; returns Docker's full id."""
    with _translated():
        created = _client(settings.ENGINE_TIMEOUT).create_container_from_config(config, name)
    return str(created["Id"])


def start(docker_id: str) -> None:
    """Start a container; starting a running one changes nothing."""
    with _translated():
        _client(SLOW_TIMEOUT).start(docker_id)


def signal(docker_id: str, name: str) -> bool:
    """Send a signal to the main process. False if there is none."""
    try:
        with _translated():
            _client(settings.ENGINE_TIMEOUT).kill(docker_id, signal=name)
    except Gone:
        return False
    except EngineRefused as refused:
        if "is not running" in refused.sentence:
            return False
        raise
    return True


def type_into(docker_id: str, text: str) -> None:
    """Type `text` into the container's terminal, by an attach of standard input alone."""
    with _translated():
        stdin = _client(settings.ENGINE_TIMEOUT).attach_socket(
            docker_id, params={"stdin": 1, "stdout": 0, "stderr": 0, "stream": 1}
        )
        try:
            stdin._sock.sendall(text.encode())
        finally:
            stdin.close()


def remove(docker_id: str) -> None:
    """Remove a container, killing what runs in it. Removing one that is gone is no error. Our volumes are bind
    mounts, which Docker never removes; those that its image declares stay too (`remove_with_volumes`)."""
    try:
        with _translated():
            _client(SLOW_TIMEOUT).remove_container(docker_id, force=True)
    except Gone:
        return
    except EngineRefused as refused:
        if "already in progress" in refused.sentence:
            wait_removed(docker_id)
            return
        raise


def remove_with_volumes(docker_id: str) -> None:
    """Remove a container for good: with Docker's own volumes, those that its image declared."""
    volumes = volumes_of(docker_id)
    remove(docker_id)
    remove_volumes(volumes)


def volumes_of(docker_id: str) -> list[str]:
    """Docker's own volumes that the container has; none, if it is gone."""
    try:
        return list(inspect(docker_id).volumes.values())
    except Gone:
        return []


def wait_removed(docker_id: str) -> None:
    """Wait until a removal that somebody else began is over."""
    try:
        with _translated():
            _client(SLOW_TIMEOUT).wait(docker_id, condition="removed")
    except Gone:
        return


def inspect(docker_id: str) -> Inspected:
    """What Docker says of the container. Raises `Gone` when it knows none."""
    with _translated():
        return inspected(_client(settings.ENGINE_TIMEOUT).inspect_container(docker_id))


def ours(instance: str, container_id: object) -> list[str]:
    """Docker's ids of all containers made by us for one row, newest first."""
    wanted = [f"{LABEL_INSTANCE}={instance}", f"{LABEL_CONTAINER}={container_id}"]
    with _translated():
        rows = _client(settings.ENGINE_TIMEOUT).containers(all=True, filters={"label": wanted})
    return [row["Id"] for row in rows]


def made_by(instance: str, job_id: object) -> str | None:
    """Docker's id of the container that a job has made already, if it was cut off after that."""
    wanted = [f"{LABEL_INSTANCE}={instance}", f"{LABEL_JOB}={job_id}"]
    with _translated():
        rows = _client(settings.ENGINE_TIMEOUT).containers(all=True, filters={"label": wanted})
    return rows[0]["Id"] if rows else None


def made_from(image: str) -> list[str]:
    """The containers, of ours and of others, that were made from an image or from one that was committed on top of it:
    ours by their internal id."""
    with _translated():
        rows = _client(settings.ENGINE_TIMEOUT).containers(all=True, filters={"ancestor": image})
    return [row["Labels"].get(LABEL_INTERNAL_ID) or row["Names"][0].removeprefix("/") for row in rows]


def commit(docker_id: str, image: str) -> None:
    """Keep the container's file system as `image` (`repository:tag`), without our labels: what somebody runs from it
    beside us, to look into it say, is not ours."""
    repository, tag = parse_repository_tag(image)
    changes = [f'LABEL {name}=""' for name in LABELS]
    with _translated():
        _client(COMMIT_TIMEOUT).commit(docker_id, repository=repository, tag=tag, pause=False, changes=changes)


def changed_files(docker_id: str) -> bool:
    """Whether the container's file system differs from its image's.

    Reads no more of Docker's list than says so: how long it is, the container decides.
    """
    with _translated():
        client = _client(SLOW_TIMEOUT)
        url = f"{client.base_url}/v{client.api_version}/containers/{docker_id}/changes"
        with client.get(url, stream=True, timeout=SLOW_TIMEOUT) as answer:
            try:
                answer.raise_for_status()
            except requests.HTTPError as error:
                docker_errors.create_api_error_from_http_exception(error)
            return any(b"{" in piece for piece in answer.iter_content(64))  # `null` or `[]` if it does not


def layers(image: str) -> int:
    """How many layers the image has."""
    with _translated():
        return len(_client(settings.ENGINE_TIMEOUT).inspect_image(image)["RootFS"]["Layers"])


def flatten(docker_id: str, image: str) -> None:
    """Keep the container's file system as `image` of a single layer: slower than `commit`, and resets the count.

    What an image's configuration adds at run time (its environment) is carried over as Dockerfile instructions.
    """
    repository, tag = parse_repository_tag(image)
    with _translated():
        client = _client(COMMIT_TIMEOUT)
        environment = client.inspect_container(docker_id)["Config"]["Env"] or []
        changes = [f"ENV {name}={_quoted(value)}" for name, _, value in (line.partition("=") for line in environment)]
        client.import_image_from_data(client.export(docker_id), repository=repository, tag=tag, changes=changes)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def host_config(docker_id: str) -> dict[str, Any]:
    """The container's HostConfig as Docker has it."""
    with _translated():
        return dict(_client(settings.ENGINE_TIMEOUT).inspect_container(docker_id)["HostConfig"])


def memory_in_use(docker_id: str) -> int:
    """Bytes, without the file cache that can be given back; 0 if it does not run."""
    with _translated():
        raw = _client(settings.ENGINE_TIMEOUT).stats(docker_id, stream=False, one_shot=True)
    try:
        return from_engine(raw).memory
    except ValueError:
        return 0


def update(docker_id: str, limits: dict[str, Any]) -> str:
    """Change limits of a container while it runs: `POST /containers/{id}/update`, with the names of its HostConfig.

    Raises:
        EngineRefused: the kernel or Docker cannot hold them; nothing is changed.

    Returns:
        What Docker warns of: limits that it left out, since the kernel has none of that kind.
    """
    with _translated():
        client = _client(SLOW_TIMEOUT)  # whose own `update_container` does not know NanoCpus
        address = f"{client.base_url}/v{client.api_version}/containers/{docker_id}/update"
        answer = client.post(address, json=limits, timeout=SLOW_TIMEOUT)
    if answer.status_code == requests.codes.not_found:
        raise Gone(answer.json()["message"])
    if not answer.ok:
        raise EngineRefused(answer.json()["message"])
    return " ".join(answer.json().get("Warnings") or ())


def remove_images(repository: str, *, keep: str = "") -> None:
    """Remove all images of a repository of ours but `keep`."""
    with _translated():
        images = _client(settings.ENGINE_TIMEOUT).images(name=repository)
    for reference in (tag for image in images for tag in image["RepoTags"] or () if tag != keep):
        remove_if_unused(reference)


def remove_if_unused(reference: str) -> None:
    """Remove an image of ours; none is no error, and one that a container still needs is left for next time."""
    if not reference:
        return
    try:
        with _translated():
            _client(SLOW_TIMEOUT).remove_image(reference)
    except EngineRefused as refused:
        log.info("image %s stays: %s", reference, refused.sentence)


def discard_image(image: str) -> None:
    """Remove a name of an image, and the image with its last one. None is no error.

    Raises:
        EngineRefused: a container was made from it.
    """
    with suppress(Gone), _translated():
        _client(SLOW_TIMEOUT).remove_image(image)


def remove_volumes(names: Iterable[str]) -> None:
    """Remove Docker's own volumes, those that an image declared for itself."""
    for name in names:
        try:
            with _translated():
                _client(SLOW_TIMEOUT).remove_volume(name)
        except EngineRefused as refused:
            log.info("volume %s stays: %s", name, refused.sentence)
