"""The user's own document, call by call: its bodies, its answers, and what they mean in Docker."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import MEDIA_TYPE, Lightd, object_of
from tests.engine import IMAGE
from tests.waiting import wait_until

ID = "my-server-001"
VOLUME = "d6764075-c5f1-4045-9fb3-85315b85cb0f"
STARTUP = 'bash -c "while true; do echo Hello; sleep 1; done"'


def document_body(port: int, host_path: Path) -> dict[str, Any]:
    """The document's create call; image and host port are those that this host has."""
    return {
        "internal_id": ID,
        "image": IMAGE,
        "volume_id": VOLUME,
        "startup_command": STARTUP,
        "start_pattern": "Hello",
        "ports": [{"container_port": 3000, "host_port": port, "protocol": "tcp"}],
        "limits": {"memory": 536870912, "cpu": 1.0},
        "mount": {"/custom/path": str(host_path)},
        "install_script": "#!/bin/bash\napt-get update\napt-get install -y curl",
    }


class Document:
    """Its calls, each with the answer that it shows."""

    def __init__(self, lightd: Lightd) -> None:
        self.lightd = lightd

    def call(self, method: str, path: str, body: Any, status: int) -> dict[str, Any]:
        answer = self.lightd.http.request(method, f"/containers{path}", json=body)
        assert answer.headers["Content-Type"] == MEDIA_TYPE
        assert answer.headers["X-Request-ID"]
        return object_of(answer, status)

    def act(self, path: str, message: str, body: Any = None) -> None:
        assert self.call("POST", f"/{ID}/{path}", body, 202) == {"message": message, "internal_id": ID}

    def has(self, tool: str) -> bool:
        return bool(self.lightd.run_in(ID, "sh", "-c", f"command -v {tool} || true").strip())

    def pool(self, port: int) -> dict[str, Any]:
        return object_of(self.lightd.http.get(f"/network/ports/0.0.0.0/{port}"))


@pytest.fixture
def document(lightd: Lightd) -> Document:
    return Document(lightd)


def test_the_documents_calls_in_its_order(document: Document, lightd: Lightd, tmp_path: Path) -> None:
    port, other = lightd.port_range(2)
    host_path = tmp_path / "host" / "path"
    create(document, document_body(port, host_path))
    assert host_path.is_dir()  # it was not there, as the document's own is not
    show_and_list(document, port, host_path)
    start_and_restart(document)
    rebind(document, port, other)
    keep = Path(lightd.http.get(f"/volumes/{VOLUME}").json()["path"]) / "keep"
    keep.write_text("mine")
    reinstall(document)
    kill(document)
    delete(document, other)
    assert keep.read_text() == "mine"


def create(document: Document, body: dict[str, Any]) -> None:
    assert document.call("POST", "", body, 201) == {
        "message": "Container creation started",
        "internal_id": ID,
        "state": "installing",
    }
    while_installing = document.call("POST", f"/{ID}/rebind-network", {"ports": []}, 409)
    assert while_installing == {"error": "Cannot rebind network while container is installing"}
    assert document.call("POST", f"/{ID}/start", None, 409) == {"error": "Cannot start while container is installing"}
    document.lightd.wait_state(ID, "ready", timeout=120)
    log = document.lightd.http.get(f"/containers/{ID}/install-log").json()
    assert log["exit_code"] == 0
    assert "Setting up curl" in log["logs"]


def show_and_list(document: Document, port: int, host_path: Path) -> None:
    shown = document.call("GET", f"/{ID}", None, 200)
    container_id = document.lightd.in_docker(ID)[0]["Id"][:12]
    binding = {"ip": "0.0.0.0", "container_port": 3000, "host_port": port, "port": port, "protocol": "tcp"}
    documented = {
        "internal_id": ID,
        "container_id": container_id,
        "volume_id": VOLUME,
        "image": IMAGE,
        "startup_command": STARTUP,
        "start_pattern": "Hello",
        "install_state": "ready",
        "ports": [binding],
        "limits": {"memory": 536870912, "cpu": 1.0},
        "mount": {"/custom/path": str(host_path)},
    }
    assert shown.items() >= documented.items()
    assert isinstance(shown["created_at"], int)
    assert shown["created_at"] <= shown["updated_at"]
    ours = {"state": "ready", "exit_code": None, "error": None, "started_at": None, "owner": "admin"}
    assert shown.items() >= ours.items()

    listed = document.call("GET", "", None, 200)["containers"]
    assert [one for one in listed if one["internal_id"] == ID] == [
        {
            "internal_id": ID,
            "container_id": container_id,
            "install_state": "ready",
            "state": "ready",
            "image": IMAGE,
            "ports": [binding],
        }
    ]


def start_and_restart(document: Document) -> None:
    document.act("start", "Container start initiated")
    document.lightd.wait_state(ID, "running")
    assert document.lightd.happened(ID)[-3:] == ["starting", "started", "running"]

    limits = document.lightd.inspect(ID)["HostConfig"]
    assert limits["Memory"] == limits["MemorySwap"] == 536870912
    assert limits["NanoCpus"] == 1_000_000_000
    document.lightd.run_in(ID, "test", "-d", "/custom/path")

    first = document.lightd.get(ID)["started_at"]
    assert first is not None
    document.act("restart", "Container restart initiated")
    wait_until(lambda: "exit" in document.lightd.happened(ID), 30, "the process has ended")
    document.lightd.wait_state(ID, "running")
    assert document.lightd.happened(ID)[-5:] == ["stopping", "exit", "starting", "started", "running"]


def rebind(document: Document, old: int, new: int) -> None:
    body = {"ports": [{"ip": "0.0.0.0", "port": new, "protocol": "tcp"}]}
    document.act("rebind-network", "Network rebinding started", body)
    wait_until(lambda: "rebound" in document.lightd.happened(ID), 30, "the ports have changed")
    container = document.lightd.wait_state(ID, "running")
    assert container["ports"] == [
        {"ip": "0.0.0.0", "container_port": 3000, "host_port": new, "port": new, "protocol": "tcp"}
    ]
    free = {"ip": "0.0.0.0", "protocol": "tcp", "in_use": False, "internal_id": None}
    assert document.pool(old) == {**free, "port": old}
    assert document.pool(new) == {**free, "port": new, "in_use": True, "internal_id": ID}

    assert document.has("curl")
    host = document.lightd.inspect(ID)["HostConfig"]
    assert host["PortBindings"] == {"3000/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(new)}]}
    assert host["Memory"] == 536870912
    wait_until(lambda: len(document.lightd.in_docker(ID)) == 1, 30, "the old container is gone")


def reinstall(document: Document) -> None:
    before = document.lightd.docker_id(ID)
    body = {"image": IMAGE, "install_script": "#!/bin/bash\napt-get update"}
    document.act("reinstall", "Container reinstall started", body)
    container = document.lightd.wait_state(ID, "ready", timeout=120)
    assert container["container_id"] != before
    assert len(document.lightd.in_docker(ID)) == 1

    document.lightd.start_and_wait(ID)
    assert not document.has("curl")
    assert document.lightd.run_in(ID, "cat", "/home/container/keep") == "mine"


def kill(document: Document) -> None:
    document.act("kill", "Container kill initiated")
    container = document.lightd.wait_state(ID, "ready")
    assert container["exit_code"] == 137
    assert not document.lightd.inspect(ID)["State"]["Running"]
    refused = document.call("POST", f"/{ID}/kill", None, 409)
    assert refused == {"error": "Cannot kill while container is stopped"}


def delete(document: Document, port: int) -> None:
    assert document.call("DELETE", f"/{ID}", None, 200) == {"message": "Container deleted successfully"}
    assert document.lightd.in_docker(ID) == []
    assert document.pool(port)["in_use"] is False
    assert document.lightd.http.get(f"/volumes/{VOLUME}").status_code == 200
    gone = {"error": "Container not found"}
    assert document.call("GET", f"/{ID}", None, 404) == gone
    assert document.call("DELETE", f"/{ID}", None, 404) == gone
    for action in ("start", "kill", "restart", "reinstall"):
        assert document.call("POST", f"/{ID}/{action}", None, 404) == gone
    assert document.call("POST", f"/{ID}/rebind-network", {"ports": []}, 404) == gone
