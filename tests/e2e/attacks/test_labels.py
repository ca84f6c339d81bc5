"""Labels of an image are its author's, and Docker writes them over what it tells of a container."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from containers.engine.watch import EVENT_AT_MOST
from tests.e2e.attacks.test_containers import assert_well, neighbour
from tests.e2e.server import Lightd
from tests.engine import IMAGE

__all__ = ["neighbour"]


@pytest.fixture(params=[{"exitCode": "x"}, {"exitCode": "0", "big": "x" * EVENT_AT_MOST}], ids=["x", "0 and long"])
def image(attacked: Lightd, request: pytest.FixtureRequest) -> Iterator[str]:
    """One whose author claims that every process of it ends well, or in a way that is none."""
    client, name = attacked.engine.client(), f"labelled-{uuid4().hex[:8]}"
    maker = client.create_container(IMAGE)["Id"]
    client.commit(maker, repository=name, conf={"Labels": request.param})
    client.remove_container(maker)
    yield name
    for one in client.containers(all=True, filters={"ancestor": name}):
        client.remove_container(one["Id"], force=True)
    client.remove_image(name, force=True)


def test_how_a_process_ended_is_not_for_a_label_to_say(attacked: Lightd, neighbour: str, image: str) -> None:
    failed = attacked.create(image=image, install_script="exit 3", wait="failed")
    crashing = attacked.create(image=image, startup_command="sh -c 'read line; exit 4'")
    attacked.start_and_wait(crashing)

    with attacked.socket(crashing) as viewer:
        viewer.command("now")

    attacked.wait_state(crashing, "ready")
    assert attacked.http.get(f"/containers/{failed}/install-log").json()["exit_code"] == 3
    assert attacked.get(crashing)["exit_code"] == 4
    assert "crashed" in attacked.happened(crashing)
    assert_well(attacked, neighbour)
    for each in (failed, crashing):
        attacked.http.delete(f"/containers/{each}").raise_for_status()
