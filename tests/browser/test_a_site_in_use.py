"""A site as somebody has it after a week, as pictures for the README: its servers run, its figures are made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.conftest import PageFactory, kept_when_signed_in
from tests.browser.network import Network
from tests.browser.screenshots import FOLDER
from tests.e2e.server import Lightd

# What a well-known game server prints, and how it answers.
GAME = r"""#!/bin/bash
{ head -c 412M /dev/zero; exec sleep infinity; } | tail -c 412M >/dev/null &  # memory
while :; do for _ in {1..20000}; do :; done; read -rt 0.3 <> <(:); done &  # and work
say() { printf '\e[90m[%(%T)T]\e[0m \e[36m[Server thread/INFO]:\e[0m %b\n' -1 "$1"; }
say "Starting minecraft server version 1.21.4"
say "Loading properties"
say "Default game type: SURVIVAL"
say "Starting Minecraft server on *:25565"
say "Preparing level \"world\""
for percent in 0 34 71 97; do say "Preparing spawn area: $percent%"; done
say "\e[32mDone (6.214s)! For help, type \"help\"\e[0m"
say "Mira joined the game"
say "<Mira> is the nether hub finished?"
say "Jonas joined the game"
say "<Jonas> nearly, come and look"
say "\e[33mMira has made the advancement [We Need to Go Deeper]\e[0m"
stty -echo
while read -r command text; do
    case $command in
        say) say "[Server] $text" ;;
        list) say "There are 2 of a max of 20 players online: Mira, Jonas" ;;
    esac
done
"""
BOT = "bash -c 'echo Logged in as Lightkeeper#4071; exec sleep infinity'"
SITE = "bash -c 'echo Listening on 0.0.0.0:8080; exec sleep infinity'"
MAP = "bash -c 'echo Rendering world ...; echo Killed; exit 137'"

# A day of figures: busy in the evening, with a restart at noon.
FIGURES = """
from datetime import timedelta
from math import sin
from django.utils import timezone
from containers.models import Container, Sample
minute = timezone.now().replace(second=0, microsecond=0)
def day(container, cores, memory, disk):
    Sample.objects.filter(container=container, span=60).delete()
    for ago in range(1440):
        wave = 0.55 + 0.3 * sin(ago / 180) + 0.1 * sin(ago / 23) + 0.05 * sin(ago / 5)
        yield Sample(
            container=container, span=60, at=minute - timedelta(minutes=ago),
            cpu_average=cores * 60 * wave, cpu_highest=min(cores * 100, cores * (75 * wave + 8 + 6 * sin(ago / 3))),
            memory_average=int(memory * (0.62 + 0.2 * wave)), memory_highest=int(memory * (0.66 + 0.2 * wave)),
            disk=disk - ago * 40_000, network_rx=int(9e5 * wave), network_tx=int(4e6 * wave),
            block_read=int(2e5 * wave), block_write=int(3e6 * wave), load=2 * wave,
        )
survival = Container.objects.get(internal_id="survival")
Sample.objects.bulk_create([*day(None, 2, 9 << 30, 61 << 30), *day(survival, 2, 4 << 30, 1 << 30)])
"""


@pytest.fixture(scope="module")
def lightd(lightd_apart: Lightd) -> Lightd:
    """A site with servers of its own."""
    game = {"startup_command": "bash server.sh", "start_pattern": r"Done \(.*\)!"}
    limits = {"memory": 4 << 30, "cpu": 2}
    ports = [{"container_port": 25565}, {"container_port": 25565, "protocol": "udp"}]
    for name in ("survival", "creative"):
        lightd_apart.create(name, ports=ports, limits=limits, wait=None, **game)
    lightd_apart.create("lobby", ports=ports[:1], limits={"memory": 1 << 30, "cpu": 1}, wait=None, **game)
    lightd_apart.create("discord-bot", startup_command=BOT, start_pattern="Logged in", limits={"memory": 256 << 20})
    lightd_apart.create("website", startup_command=SITE, ports=[{"container_port": 8080}], limits={"memory": 512 << 20})
    lightd_apart.create("map-renderer", startup_command=MAP, limits={"memory": 2 << 30})
    for name in ("survival", "creative", "lobby"):
        lightd_apart.wait_state(name, "ready")
        furnish(lightd_apart.files(name))
    for name in ("survival", "creative", "discord-bot", "website"):
        lightd_apart.start_and_wait(name)
    lightd_apart.act("map-renderer", "start")
    lightd_apart.manage("shell", "-v", "0", "-c", FIGURES)
    return lightd_apart


def furnish(folder: Path) -> None:
    """The files of a game server."""
    (folder / "server.sh").write_text(GAME)
    (folder / "server.properties").write_text("motd=Welcome\nmax-players=20\ndifficulty=normal\nview-distance=12\n")
    (folder / "eula.txt").write_text("eula=true\n")
    (folder / "ops.json").write_text("[]\n")
    (folder / "world" / "region").mkdir(parents=True)
    (folder / "world" / "region" / "r.0.0.mca").write_bytes(bytes(9 << 20))
    (folder / "plugins").mkdir()
    (folder / "logs").mkdir()
    (folder / "server.jar").write_bytes(bytes(51 << 20))


@pytest.fixture(scope="module")
def administrators_session(browser: Browser, network: Network, lightd: Lightd) -> StorageState:
    return kept_when_signed_in(browser, network, lightd)


def overview(page: Page) -> None:
    page.goto("/?window=24h")


def containers(page: Page) -> None:
    page.goto("/dashboard/containers/")
    expect(page.locator('tr[data-container="survival"] [data-usage=memory_usage]')).to_contain_text("MiB")


def console(page: Page) -> None:
    page.goto("/dashboard/container/survival/console")
    for command in ("list", "say The server restarts at 04:00"):
        page.get_by_label("Command", exact=True).fill(command)
        page.keyboard.press("Enter")
    expect(page.locator("[data-figure=memory_usage]")).to_contain_text("MiB")
    page.wait_for_timeout(15_000)  # that its charts have lines


def statistics(page: Page) -> None:
    page.goto("/dashboard/container/survival/statistics?window=24h")
    expect(page.locator("#figures [data-usage=memory_usage]")).to_contain_text("MiB")
    page.wait_for_load_state("networkidle")


def files(page: Page) -> None:
    page.goto("/dashboard/container/survival/files")
    page.get_by_role("checkbox", name="Choose world").check()


@pytest.mark.parametrize(
    ("open_it", "scheme"),
    [(overview, "light"), (containers, "light"), (console, "dark"), (statistics, "dark"), (files, "light")],
)
def test_it_is_kept_as_a_picture(
    open_page: PageFactory,
    administrators_session: StorageState,
    open_it: Callable[[Page], None],
    scheme: Literal["light", "dark"],
) -> None:
    page = open_page(storage_state=administrators_session, color_scheme=scheme, viewport={"width": 1440, "height": 900})

    open_it(page)

    page.screenshot(path=FOLDER / f"in-use-{open_it.__name__}.png", animations="disabled")
