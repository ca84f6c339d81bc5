"""The Install tab: how far an installation is, its output, and doing it again."""

from typing import Any

import pytest

from accounts.models import User
from accounts.permissions import Permission
from containers import events
from containers.models import Container, Event, Grant
from containers.pages import installation
from containers.pages.installation import Progress
from containers.spool import INSTALL_LOG
from containers.states import State
from tests.people import browser_of, container_of

Kind = Event.Kind
URL = "/dashboard/container/web-1/install"
SCRIPT = "#!/bin/sh\nexit 0\n"
FULL = (
    (Kind.INSTALLING, "Installing from debian"),
    (Kind.PULLING, "Pulling image debian"),
    (Kind.PULLING, "Pulling image debian: 40 % of 50.0 MB"),
    (Kind.PULLED, "Pulled image debian"),
    (Kind.CREATED, "Created container 0123456789ab"),
    (Kind.INSTALL_STARTED, "Running the install script"),
    (Kind.INSTALLED, "Installed"),
)


@pytest.fixture
def container(alice: User) -> Container:
    one = container_of(alice)
    Container.objects.filter(pk=one.pk).update(install_script=SCRIPT)
    one.refresh_from_db()
    return one


def record(container: Container, *happened: tuple[Kind, str]) -> None:
    for kind, message in happened:
        events.record(container, kind, message)


def progress(container: Container) -> list[Progress]:
    found = installation.latest(container)
    assert found
    return [step.progress for step in found.steps]


D, N, W, F, X = Progress.DONE, Progress.NOW, Progress.WAITING, Progress.FAILED, Progress.NOT_REACHED


@pytest.mark.parametrize(
    ("so_far", "wanted"),
    [(1, [N, W, W, W, W]), (3, [D, N, W, W, W]), (4, [D, D, N, W, W]), (6, [D, D, D, N, W]), (7, [D, D, D, D, D])],
)
def test_each_step_follows_the_one_before(container: Container, so_far: int, wanted: list[Progress]) -> None:
    record(container, *FULL[:so_far])

    assert progress(container) == wanted


@pytest.mark.parametrize(("so_far", "wanted"), [(1, [F, X, X, X, X]), (3, [D, F, X, X, X]), (6, [D, D, D, F, X])])
def test_the_step_that_failed_says_why(container: Container, so_far: int, wanted: list[Progress]) -> None:
    record(container, *FULL[:so_far], (Kind.FAILED, "no space left"))

    assert progress(container) == wanted
    latest = installation.latest(container)
    assert latest is not None
    failed = next(step for step in latest.steps if step.progress == F)
    assert failed.text == "no space left"


def test_the_head_of_one_that_failed_leads_there(container: Container) -> None:
    error = "The install script failed with exit code 7"
    Container.objects.update(state=State.FAILED, installed=False, error=error)

    head = browser_of(container.owner).get(URL.replace("install", "head")).content.decode()

    assert error in head
    assert f'<a href="{URL}">See the output and retry</a>' in head
    assert 'data-no-input="Not installed: see Install"' in head


def test_the_pull_says_how_far_it_is(container: Container) -> None:
    record(container, *FULL[:3])

    assert "40 % of 50.0 MB" in browser_of(container.owner).get(URL).content.decode()


def test_an_image_that_is_on_the_host_is_not_pulled(container: Container) -> None:
    record(container, FULL[0], FULL[4])

    found = installation.latest(container)

    assert found
    assert found.steps[1].text == "On the host already"


def test_what_fails_later_is_no_failed_installation(container: Container) -> None:
    record(container, *FULL, (Kind.STARTING, ""), (Kind.FAILED, "gone"))

    assert progress(container) == [D] * 5


def test_only_the_latest_counts(container: Container) -> None:
    record(container, *FULL, FULL[0])

    assert progress(container) == [N, W, W, W, W]


def test_it_costs_three_queries_however_long_the_pull(container: Container, django_assert_num_queries: Any) -> None:
    record(container, FULL[0], *[FULL[1]] * 50)

    with django_assert_num_queries(3):
        installation.latest(container)


def test_forgotten_events_are_no_error(container: Container) -> None:
    assert "so long ago" in browser_of(container.owner).get(URL).content.decode()


def test_a_grant_shows_what_it_gives(container: Container, bob: User) -> None:
    grant = Grant.objects.create(container=container, user=bob, permissions=[Permission.VIEW])

    page = browser_of(bob).get(URL).content.decode()

    assert 'id="installation"' in page
    assert 'id="install-output"' not in page
    assert "exit 0" not in page  # the script is for those who may run another one

    assert browser_of(bob).post(URL, {"image": "debian"}).status_code == 403
    assert browser_of(bob).post(f"{URL}/retry").status_code == 403
    Grant.objects.filter(pk=grant.pk).update(permissions=[Permission.REINSTALL, Permission.CONSOLE_READ])
    page = browser_of(bob).get(URL).content.decode()
    assert 'id="install-output"' in page
    assert "exit 0" in page


def test_the_output_is_for_who_may_read_the_console(
    container: Container, bob: User, settings: Any, tmp_path: Any
) -> None:
    settings.STORAGE_ROOT = tmp_path
    container.directory.mkdir(parents=True)
    (container.directory / INSTALL_LOG).write_text("\x1b[31mred\x1b[0m <b>\n")
    Grant.objects.create(container=container, user=bob, permissions=[Permission.VIEW, Permission.REINSTALL])

    answer = browser_of(container.owner).get(f"{URL}/output")

    assert answer.content == b"\x1b[31mred\x1b[0m <b>\n"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert browser_of(bob).get(f"{URL}/output").status_code == 403


def test_strangers_see_nothing(container: Container, bob: User) -> None:
    for address in (URL, f"{URL}/progress", f"{URL}/output"):
        assert browser_of(bob).get(address).status_code == 404
    assert browser_of(bob).post(f"{URL}/retry").status_code == 404


def test_a_bad_image_is_said_beside_its_field(container: Container) -> None:
    Container.objects.filter(pk=container.pk).update(state=State.FAILED)

    answer = browser_of(container.owner).post(URL, {"image": "No Image", "install_script": "echo kept"})

    assert answer.status_code == 400
    assert answer.context["form"].errors == {"image": ["Not an image reference."]}
    assert "echo kept" in answer.content.decode()


def test_while_it_installs_it_is_refused_with_the_contract_s_sentence(container: Container) -> None:
    answer = browser_of(container.owner).post(URL, {"image": "debian"})

    assert answer.status_code == 409
    assert "Cannot reinstall while container is installing" in answer.content.decode()


def test_reinstall_and_retry_ask_for_another(container: Container, engine_here: None) -> None:
    failed = {"state": State.FAILED, "error": "no space left", "install_exit_code": 1}
    Container.objects.filter(pk=container.pk).update(**failed)
    client = browser_of(container.owner)

    answer = client.post(URL, {"image": "debian:bookworm", "install_script": "echo\r\nnew"})

    assert answer.headers["Location"] == URL
    container.refresh_from_db()
    assert (container.state, container.image, container.install_script) == (
        State.INSTALLING,
        "debian:bookworm",
        "echo\nnew",
    )

    Container.objects.filter(pk=container.pk).update(**failed)
    answer = client.post(f"{URL}/retry")

    assert 'data-state="installing"' in answer.content.decode()
    container.refresh_from_db()
    assert (container.state, container.install_script) == (State.INSTALLING, "echo\nnew")
