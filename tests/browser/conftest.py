"""Fixtures: pages in a real browser, each of which fails its test when it complains of anything."""

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect, sync_playwright

from tests.browser.network import Network
from tests.browser.network import network as own_network
from tests.browser.people import Person, new_user, sign_in
from tests.browser.watch import Watch
from tests.e2e.server import Lightd

PageFactory = Callable[..., Page]
PersonFactory = Callable[..., Person]

FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE = 30_000  # milliseconds that an action or an expectation may take, on a machine busy with other things

expect.set_options(timeout=PATIENCE)

_watches = pytest.StashKey[list[Watch]]()


@pytest.fixture(scope="package")
def network() -> Iterator[Network]:
    """The browser's own."""
    with own_network() as network:
        yield network


@pytest.fixture(scope="package")
def browser(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium.

    For this package, not the session: while Playwright runs, its event loop counts as running in this thread, where
    neither asynchronous tests nor Django's database would work. So there are none of these in here.
    """
    chromium = shutil.which("chromium")
    if not chromium:
        raise RuntimeError("chromium is missing: run script/test as root, or install chromium.")
    within = tmp_path_factory.mktemp("browser") / "chromium"
    within.write_text(f'#!/bin/sh\nexec ip netns exec {network.name} {chromium} "$@"\n')
    within.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=within, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Browser, network: Network, lightd: Lightd
) -> Iterator[PageFactory]:
    """Opens pages of ``lightd``, each in a browser that has been nowhere: ``open_page(color_scheme="dark")``.

    Takes the options of Playwright's ``new_context``. A module whose tests restart or kill the server overrides
    ``lightd`` with ``own_lightd``.
    """
    watches = request.node.stash.setdefault(_watches, [])

    network.reach(lightd.port)

    def open_page(**options: Any) -> Page:
        context = browser.new_context(
            base_url=lightd.url, locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **options
        )
        context.set_default_timeout(PATIENCE)
        watches.append(Watch(context))
        return context.new_page()

    yield open_page
    for watch in watches:
        watch.context.close()


@pytest.fixture
def page(open_page: PageFactory) -> Page:
    """A page of a stranger."""
    return open_page()


@pytest.fixture
def signed_in_page(page: Page, lightd: Lightd) -> Page:
    """The administrator's, signed in with what the first run printed."""
    sign_in(page, "admin", lightd.password)
    return page


def kept_when_signed_in(browser: Browser, network: Network, lightd: Lightd) -> StorageState:
    """What the browser of an administrator keeps."""
    network.reach(lightd.port)
    with browser.new_context(base_url=lightd.url) as context:
        sign_in(context.new_page(), "admin", lightd.password)
        return context.storage_state()


@pytest.fixture(scope="package")
def administrators_session(browser: Browser, network: Network, lightd: Lightd) -> StorageState:
    """That of the server that all share. A module with a server of its own has one of its own."""
    return kept_when_signed_in(browser, network, lightd)


@pytest.fixture
def administrators_page(open_page: PageFactory, administrators_session: StorageState) -> Page:
    """The same without the way there, for tests of many pages: all of them share one session, so leave it alive."""
    return open_page(storage_state=administrators_session)


@pytest.fixture
def volume(lightd: Lightd) -> str:
    return str(lightd.http.post("/volumes", json={}).json()["id"])


@pytest.fixture
def folder(lightd: Lightd, volume: str) -> Path:
    """Where the volume's files are, on this host."""
    return Path(lightd.http.get(f"/volumes/{volume}").json()["path"])


@pytest.fixture
def as_user(open_page: PageFactory, lightd: Lightd) -> PersonFactory:
    """Makes someone with an account, signed in in a browser of their own: ``as_user("bob").page``."""

    def as_user(name: str = "someone", *, administrator: bool = False, **options: Any) -> Person:
        username, password, token = new_user(lightd, name, administrator=administrator)
        page = open_page(**options)
        sign_in(page, username, password)
        return Person(username, password, token, page)

    return as_user


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Nothing that a page complains of is overlooked, but for what the mark ``expects_errors`` names."""
    result = yield
    expected = [text for mark in item.iter_markers("expects_errors") for text in mark.args]
    complaints = [each for watch in item.stash.get(_watches, []) for each in watch.unexpected(expected)]
    assert not complaints, "the browser complains:\n" + "\n".join(complaints)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what was on the console, and where the pages are kept as they looked."""
    report = yield
    if report.failed and report.when != "teardown":
        for watch in item.stash.get(_watches, []):
            folder = Path(tempfile.mkdtemp(prefix="lightd-browser-"))
            report.sections.append((f"browser, kept in {folder}", watch.keep(folder)))
    return report
