"""Fixtures: a running server, for every test that talks to one; what it wrote is shown with a failure."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.e2e.grown import GrownLightd
from tests.e2e.server import Lightd
from tests.engine import Engine, PrivateEngine, prepared

LightdFactory = Callable[..., Lightd]

_running: list[Lightd] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is marked ``both_modes`` runs against the default installation and against the grown one."""
    if "lightd" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_modes"):
        metafunc.parametrize("lightd", ["default", "grown"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def lightd(request: pytest.FixtureRequest) -> Lightd:
    """A running server that many tests share: take ids, volumes and ports of your own, and leave it running."""
    mode = getattr(request, "param", "default")
    running: Lightd = request.getfixturevalue(f"{mode}_lightd")
    return running


@pytest.fixture(scope="session")
def grown_lightd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrownLightd]:
    """The same as four processes, with Redis and PostgreSQL."""
    grown = GrownLightd(tmp_path_factory.mktemp("grown"), engine)
    with serving(grown):
        yield grown


@pytest.fixture(scope="session")
def default_lightd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """One process tree, SQLite, no Redis."""
    with serving(Lightd(tmp_path_factory.mktemp("lightd"), engine)) as running:
        yield running


@pytest.fixture(scope="module")
def lightd_apart(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lightd]:
    """A server for the tests of one file, which they may kill."""
    with serving(Lightd(tmp_path_factory.mktemp("lightd"), engine)) as running:
        yield running


@pytest.fixture
def own_engine() -> Iterator[PrivateEngine]:
    """An engine for one test, which may stop, kill and restart it."""
    with prepared(PrivateEngine()) as engine:
        yield engine


@pytest.fixture
def make_lightd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightdFactory]:
    """Starts servers for one test, which may kill them: ``make_lightd(engine=..., environment={...})``."""
    with ExitStack() as stack:

        def make(engine: Engine = engine, environment: dict[str, str] | None = None) -> Lightd:
            return stack.enter_context(serving(Lightd(tmp_path_factory.mktemp("lightd"), engine, environment)))

        yield make


@pytest.fixture
def own_lightd(make_lightd: LightdFactory) -> Lightd:
    """A server for one test, which may kill and restart it."""
    return make_lightd()


@contextmanager
def serving(lightd: Lightd) -> Iterator[Lightd]:
    """Started and ready, if it has an engine; ended afterwards, and all it made in Docker removed."""
    _running.append(lightd)
    try:
        try:
            lightd.start()
            if lightd.engine.answers():
                lightd.wait_ready()
            lightd.use_free_ports()
        except Exception as error:
            error.add_note(f"The server's output:\n{lightd.log_tail()}")
            raise
        yield lightd
    finally:
        lightd.close()
        _running.remove(lightd)


@pytest.fixture(scope="module", autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    """What the tests of a file leave running would take its time from all that follow, and change before their eyes."""
    yield
    for lightd in _running:
        lightd.come_to_rest()


@pytest.fixture(autouse=True)
def _mark_logs(request: pytest.FixtureRequest) -> None:
    """Where each server's log stood when the test began, so that a failure shows the test's own part."""
    request.node.log_starts = {lightd.log: _size(lightd.log) for lightd in _running}


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and item.get_closest_marker("engine"):
        starts = getattr(item, "log_starts", {})
        for lightd in _running:
            report.sections.append((f"server at {lightd.url}", lightd.log_tail(starts.get(lightd.log, 0))))
    return report
