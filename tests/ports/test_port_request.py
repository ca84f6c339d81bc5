from typing import Any

import pytest

from ports.pool import PortRequest
from ports.serializers import PortRequestSerializer
from rules.errors import Invalid
from rules.serializers import validated


@pytest.mark.parametrize(
    ("given", "request_"),
    [
        (
            {"container_port": 3000, "host_port": 25565, "protocol": "tcp"},
            PortRequest(host_port=25565, container_port=3000),
        ),
        ({"ip": "0.0.0.0", "port": 25566, "protocol": "tcp"}, PortRequest(host_port=25566)),
        ({"port": 1, "host_port": 1}, PortRequest(host_port=1)),
        ({"ip": "127.0.0.1", "protocol": "udp"}, PortRequest(ip="127.0.0.1", protocol="udp")),
        ({}, PortRequest()),
    ],
)
def test_both_forms_of_the_contract_are_taken(given: dict[str, Any], request_: PortRequest) -> None:
    assert validated(PortRequestSerializer, given) == request_


@pytest.mark.parametrize(
    "given",
    [
        {"port": 1, "host_port": 2},
        {"port": 0},
        {"host_port": 70000},
        {"container_port": -1},
        {"ip": "here"},
        {"protocol": "TCP"},
        {"hostport": 1},
    ],
)
def test_anything_else_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        validated(PortRequestSerializer, given)
