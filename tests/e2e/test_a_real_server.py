"""A real server: Redis, installed by apt, reached from the host; its data outlives every kind of end."""

import redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.retry import Retry

from tests.e2e.server import Lightd
from tests.waiting import wait_until

STARTUP = "redis-server --bind 0.0.0.0 --protected-mode no --dir /home/container --appendonly yes"


def client_of(lightd: Lightd, internal_id: str) -> redis.Redis:
    """A client on the port that the API reports."""
    (binding,) = lightd.get(internal_id)["ports"]
    assert binding["container_port"] == 6379
    return redis.Redis(
        port=binding["port"], decode_responses=True, socket_timeout=5, retry=Retry(NoBackoff(), 0), protocol=2
    )


def value_kept(lightd: Lightd, internal_id: str) -> str:
    with client_of(lightd, internal_id) as client:
        assert client.ping()
        return str(client.get("key"))


def test_a_key_outlives_kill_rebind_and_restart(lightd: Lightd) -> None:
    old, new = lightd.port_range(2)
    server = lightd.create(
        install_script="#!/bin/bash\napt-get update\napt-get install -y --no-install-recommends redis-server",
        startup_command=STARTUP,
        start_pattern="Ready to accept connections",
        ports=[{"container_port": 6379, "host_port": old}],
    )
    lightd.start_and_wait(server)
    with client_of(lightd, server) as client:
        client.set("key", "value")

    lightd.act(server, "kill")
    lightd.wait_state(server, "ready")
    assert not answers(old)
    lightd.start_and_wait(server)
    assert value_kept(lightd, server) == "value"

    lightd.act(server, "rebind-network", ports=[{"port": new}])
    wait_until(lambda: [port["port"] for port in lightd.get(server)["ports"]] == [new], 30, "the port has changed")
    lightd.wait_state(server, "running")
    assert value_kept(lightd, server) == "value"
    assert not answers(old)

    ends = lightd.happened(server).count("exit")
    lightd.act(server, "restart")
    wait_until(lambda: lightd.happened(server).count("exit") > ends, 30, "it has ended")
    lightd.wait_state(server, "running")
    assert value_kept(lightd, server) == "value"

    assert lightd.http.delete(f"/containers/{server}").status_code == 200
    assert not answers(new)


def answers(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), 0), protocol=2) as client:
        try:
            return bool(client.ping())
        except NotConnected:
            return False
