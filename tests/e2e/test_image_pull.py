"""Pulling an image from a real registry, over a line slow enough to watch."""

from tests.e2e.registry import SIZE, Registry, SlowLine
from tests.e2e.server import Lightd
from tests.waiting import wait_until


def messages(lightd: Lightd, internal_id: str, kind: str) -> list[str]:
    events = lightd.http.get(f"/containers/{internal_id}/events").json()["events"]
    return [event["message"] for event in reversed(events) if event["kind"] == kind]


def test_a_pull_says_how_far_it_is(lightd: Lightd, slow_image: str) -> None:
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    lightd.wait_state(internal_id, "ready", 60)

    progress = messages(lightd, internal_id, "pulling")
    percent = [int(line.rpartition(": ")[2].split(" %")[0]) for line in progress if " %" in line]
    assert progress[0] == f"Pulling image {slow_image}"
    assert percent, progress
    assert percent == sorted(percent)
    assert messages(lightd, internal_id, "pulled") == [f"Pulled image {slow_image}"]


def test_an_image_that_the_registry_does_not_have_fails_with_its_name(lightd: Lightd, registry: Registry) -> None:
    internal_id = lightd.fresh_id()
    image = f"127.0.0.1:{registry.port}/nobody/nothing:1"
    lightd.create(internal_id, image=image, wait=None)
    lightd.wait_state(internal_id, "failed", 30)

    error = lightd.http.get(f"/containers/{internal_id}").json()["error"]
    assert error.startswith(f"Image {image} could not be pulled: ")


def test_a_delete_during_the_pull_ends_it(lightd: Lightd, slow_image: str, slow_line: SlowLine) -> None:
    slow_line.rate = SIZE // 20
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    wait_until(lambda: messages(lightd, internal_id, "pulling"), 30, "the pull has begun")

    assert lightd.http.delete(f"/containers/{internal_id}").status_code == 200

    assert lightd.http.get(f"/containers/{internal_id}").status_code == 404
    wait_until(slow_line.stands_still, 60, "nothing is pulled any more")
    assert slow_line.carried < SIZE


def test_a_kill_during_the_pull_fails_the_installation(lightd: Lightd, slow_image: str) -> None:
    internal_id = lightd.fresh_id()
    lightd.create(internal_id, image=slow_image, wait=None)
    wait_until(lambda: messages(lightd, internal_id, "pulling"), 30, "the pull has begun")

    assert lightd.http.post(f"/containers/{internal_id}/kill").status_code == 202

    lightd.wait_state(internal_id, "failed")
    assert lightd.http.get(f"/containers/{internal_id}").json()["error"] == "The installation was killed"
