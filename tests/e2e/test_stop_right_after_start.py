"""A stop that comes the moment a server says that it is ready: Docker's call that started it has hardly returned."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.server import Lightd

SERVER = "trap 'echo saved > saved; exit 0' TERM; echo Ready; while :; do sleep 0.05; done"


def test_a_stop_right_after_the_start_is_graceful(lightd: Lightd) -> None:
    containers = [lightd.create(startup_command=SERVER, start_pattern="Ready", wait=None) for _ in range(8)]
    for container in containers:
        lightd.wait_state(container, "ready")

    def start_and_stop(container: str) -> int:
        viewer = lightd.socket(container)
        viewer.power("start")
        viewer.wait_for_event("running")
        viewer.power("stop")
        viewer.wait_for_event("exit")
        exit_code: int = lightd.wait_state(container, "ready")["exit_code"]
        return exit_code

    with ThreadPoolExecutor(len(containers)) as threads:
        exit_codes = list(threads.map(start_and_stop, containers))

    assert exit_codes == [0] * len(containers)
    assert all((lightd.files(container) / "saved").exists() for container in containers)
