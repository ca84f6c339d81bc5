"""Images that are none, and images that nobody has."""

import pytest

from tests.e2e.server import Lightd
from tests.e2e.test_bad_input.conftest import Neighbour

UNKNOWN = "registry.invalid/nobody/has-this:1"
RESOLVED = 120  # seconds until it is known that there is no such host, by a resolver that is slow


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("image", ["Not An Image", "UPPER", "a:", ":a", "a//b", "-", "../a", "a@sha256:", "a:b:c"])
def test_what_is_no_reference(lightd: Lightd, neighbour: Neighbour, image: str) -> None:
    create = lightd.http.post("/containers", json=lightd.body(image=image))
    reinstall = lightd.http.post(f"/containers/{neighbour.internal_id}/reinstall", json={"image": image})

    for answer in (create, reinstall):
        assert answer.status_code == 400
        assert answer.json() == {
            "error": f"Invalid image reference: {image}",
            "details": {"image": ["Not an image reference."]},
        }


def test_an_image_that_nobody_has_fails_with_the_reason(lightd: Lightd) -> None:
    container = lightd.create(image=UNKNOWN, ports=[{}], wait=None)

    failed = lightd.wait_state(container, "failed", RESOLVED)

    assert failed["install_state"] == "failed"
    assert failed["container_id"] is None
    assert failed["error"].startswith(f"Image {UNKNOWN} could not be pulled: ")
    assert lightd.happened(container) == ["installing", "pulling", "failed"]
    start = lightd.http.post(f"/containers/{container}/start")
    assert start.status_code == 409
    assert start.json() == {"error": "Cannot start: the installation failed, reinstall the container first"}


def test_a_reinstall_from_an_image_that_is_there_repairs_it(lightd: Lightd) -> None:
    container = lightd.create(image=UNKNOWN, wait=None)
    lightd.wait_state(container, "failed", RESOLVED)

    lightd.act(container, "reinstall", image="debian:bookworm")

    repaired = lightd.wait_state(container, "ready")
    assert repaired["error"] is None
    lightd.start_and_wait(container)
    lightd.act(container, "kill")
    lightd.wait_state(container, "ready")
