"""Fields that are unknown, of the wrong type, or out of bounds, in every request of a container."""

from typing import Any

import pytest

from tests.e2e.server import Lightd
from tests.e2e.test_bad_input.conftest import Neighbour

pytestmark = pytest.mark.usefixtures("nothing_changes")

TOO_LONG = "a" * 64
NOT_TEXT = "Not a valid string"
UNKNOWN = "Unknown field"
ID_PATTERN = "This value does not match the required pattern"
TOO_SMALL = "Ensure this value is greater than or equal to 1"
TOO_LARGE = "Ensure this value is less than or equal to 65535"


def refused(lightd: Lightd, path: str, body: dict[str, Any], field: str, sentence: str) -> None:
    answer = lightd.http.post(path, json=body)

    assert answer.status_code == 400, answer.text
    error = answer.json()
    assert error["error"] == f"{field}: {sentence}"
    assert error["details"][field][0] == f"{sentence}."


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"colour": "red"}, "colour", UNKNOWN),
        ({"state": "running"}, "state", UNKNOWN),
        ({"limits": {"gpu": 1}}, "limits.gpu", UNKNOWN),
        ({"ports": [{"colour": 1}]}, "ports.0.colour", UNKNOWN),
        ({"internal_id": 7}, "internal_id", NOT_TEXT),
        ({"internal_id": ""}, "internal_id", "This field may not be blank"),
        ({"internal_id": "../../etc/passwd"}, "internal_id", ID_PATTERN),
        ({"internal_id": "a/b"}, "internal_id", ID_PATTERN),
        ({"internal_id": ".."}, "internal_id", ID_PATTERN),
        ({"internal_id": "-a"}, "internal_id", ID_PATTERN),
        ({"internal_id": "a b"}, "internal_id", ID_PATTERN),
        ({"internal_id": "a\n"}, "internal_id", ID_PATTERN),
        ({"internal_id": "é"}, "internal_id", ID_PATTERN),
        ({"image": 7}, "image", NOT_TEXT),
        ({"image": []}, "image", NOT_TEXT),
        ({"image": ""}, "image", "This field may not be blank"),
        ({"volume_id": 7}, "volume_id", "Must be a valid UUID"),
        ({"volume_id": "../escape"}, "volume_id", "Must be a valid UUID"),
        ({"startup_command": ["ls"]}, "startup_command", NOT_TEXT),
        ({"start_pattern": 7}, "start_pattern", NOT_TEXT),
        ({"install_script": {}}, "install_script", NOT_TEXT),
        ({"ports": {}}, "ports", 'Expected a list of items but got type "dict"'),
        ({"ports": ["80"]}, "ports.0", "Invalid data. Expected a dictionary, but got str"),
        ({"ports": [{"port": "80"}]}, "ports.0.port", "A valid integer is required"),
        ({"ports": [{"port": True}]}, "ports.0.port", "A valid integer is required"),
        ({"ports": [{"port": 0}]}, "ports.0.port", TOO_SMALL),
        ({"ports": [{"port": 70000}]}, "ports.0.port", TOO_LARGE),
        ({"ports": [{"host_port": -1}]}, "ports.0.host_port", TOO_SMALL),
        ({"ports": [{"container_port": 0}]}, "ports.0.container_port", TOO_SMALL),
        ({"ports": [{"container_port": 70000}]}, "ports.0.container_port", TOO_LARGE),
        ({"ports": [{"protocol": "sctp"}]}, "ports.0.protocol", '"sctp" is not a valid choice'),
        ({"ports": [{"ip": "localhost"}]}, "ports.0.ip", "Not a valid IPv4 or IPv6 address"),
        ({"ports": [{"port": 1, "host_port": 2}]}, "ports.0.port", "Must equal host_port"),
        ({"limits": []}, "limits", "Invalid data. Expected a dictionary, but got list"),
        ({"limits": {"memory": "1g"}}, "limits.memory", "A valid integer is required"),
        ({"limits": {"memory": 1.5}}, "limits.memory", "A valid integer is required"),
        ({"limits": {"cpu": "1"}}, "limits.cpu", "A valid number is required"),
        ({"limits": {"cpu": True}}, "limits.cpu", "A valid number is required"),
        ({"mount": []}, "mount", 'Expected a dictionary of items but got type "list"'),
        ({"mount": {"/data": 7}}, "mount./data", NOT_TEXT),
    ],
)
def test_a_create_with_a_bad_field(lightd: Lightd, given: dict[str, Any], field: str, sentence: str) -> None:
    refused(lightd, "/containers", lightd.body() | given, field, sentence)


def test_an_id_that_is_too_long(lightd: Lightd) -> None:
    answer = lightd.http.post("/containers", json=lightd.body(TOO_LONG))

    assert answer.status_code == 400
    assert list(answer.json()["details"]) == ["internal_id"]


@pytest.mark.parametrize("name", ["internal_id", "image", "volume_id", "startup_command"])
def test_a_required_field_is_left_out(lightd: Lightd, name: str) -> None:
    body = lightd.body()
    del body[name]

    refused(lightd, "/containers", body, name, "This field is required")


@pytest.mark.parametrize(
    ("action", "body", "field", "sentence"),
    [
        ("reinstall", {"colour": "red"}, "colour", UNKNOWN),
        ("reinstall", {"image": 7}, "image", NOT_TEXT),
        ("reinstall", {"install_script": 7}, "install_script", NOT_TEXT),
        ("rebind-network", {}, "ports", "This field is required"),
        ("rebind-network", {"ports": [], "force": True}, "force", UNKNOWN),
        ("rebind-network", {"ports": 80}, "ports", 'Expected a list of items but got type "int"'),
        ("rebind-network", {"ports": [{"port": 0}]}, "ports.0.port", TOO_SMALL),
        ("rebind-network", {"ports": [{"port": 70000}]}, "ports.0.port", TOO_LARGE),
    ],
)
def test_an_action_with_a_bad_field(
    lightd: Lightd, neighbour: Neighbour, action: str, body: dict[str, Any], field: str, sentence: str
) -> None:
    refused(lightd, f"/containers/{neighbour.internal_id}/{action}", body, field, sentence)


@pytest.mark.parametrize("internal_id", ["unknown", "%2e%2e%2fetc", "a%00b", "é", "a" * 5000])
def test_an_id_in_the_address_that_nothing_has(lightd: Lightd, internal_id: str) -> None:
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/kill"), ("GET", "/logs")):
        answer = lightd.http.request(method, f"/containers/{internal_id}{path}")
        assert answer.status_code in (400, 404)
        assert set(answer.json()) == {"error"}
    assert lightd.http.get("/containers/unknown").json() == {"error": "Container not found"}
