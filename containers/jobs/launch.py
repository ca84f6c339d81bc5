"""The start of a container's process, whoever asks for it: on its volume, and on what was checked."""

from __future__ import annotations

from containers import mounts
from containers.engine import client as engine
from containers.engine.errors import EngineRefused, Gone
from containers.models import Container
from volumes import storage


def launch(container: Container, docker_id: str) -> None:
    """Have Docker start it. Raises `volumes.locks.Busy` while the volume is resized or restored."""
    mounts.refuse_moved(container, docker_id)
    try:
        with storage.kept(container.volume):
            engine.start(docker_id)
    except Gone:
        raise
    except EngineRefused as refused:
        raise EngineRefused(explain(refused.sentence)) from refused


def explain(sentence: str) -> str:
    """Docker's words for the commonest refusals, with what to do about them."""
    if "port is already allocated" in sentence or "address already in use" in sentence:
        return f"A host port is taken by another program; rebind the network to other ports ({sentence})"
    if "/bin/sh" in sentence and "no such file" in sentence:
        return f"The image has no /bin/sh, which every container needs to be started ({sentence})"
    if "bind source path does not exist" in sentence:
        return (
            "Docker does not see the volume's file system: it has to run on the same host as Lightd, and in the same "
            f"mount namespace ({sentence})"
        )
    return sentence
