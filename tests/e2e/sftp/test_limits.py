"""A server with narrow limits: how often one may guess, how many connections one may have, and for how long."""

import asyncio
import socket
import time
from contextlib import ExitStack

import asyncssh
import pytest

from tests.e2e.serving import LightdFactory
from tests.e2e.sftp.conftest import Site, connect, make_site
from tests.e2e.sftp.openssh import OpenSsh
from tests.waiting import wait_until

IDLE = 10  # seconds, in which four sign in one after another
CONNECTIONS = 3
OF_ADDRESS = 12


@pytest.fixture
def narrow(make_lightd: LightdFactory, tmp_path_factory: pytest.TempPathFactory) -> Site:
    limits = {
        "LIGHTD_SFTP_IDLE_TIMEOUT": str(IDLE),
        "LIGHTD_SFTP_USER_CONNECTIONS": str(CONNECTIONS),
        "LIGHTD_SFTP_ADDRESS_CONNECTIONS": str(OF_ADDRESS),
    }
    return make_site(make_lightd(environment=limits), tmp_path_factory.mktemp("client"))


def test_limits(narrow: Site) -> None:
    """One server for all: each takes its time to start."""
    an_address_has_so_many_connections(narrow)
    a_user_has_so_many_connections_and_none_that_idles(narrow)
    sessions_and_open_files_are_bounded(narrow)
    it_comes_back_when_killed_and_is_known_again(narrow)
    a_wrong_password_ten_times_is_throttled(narrow)


def an_address_has_so_many_connections(site: Site) -> None:
    with ExitStack() as opened:
        greetings = []
        for _ in range(OF_ADDRESS + 2):
            connection = opened.enter_context(
                socket.create_connection(("127.0.0.1", site.lightd.sftp_port), timeout=10)
            )
            greetings.append(connection.recv(100))
    assert greetings == [b"SSH-2.0-lightd\r\n"] * OF_ADDRESS + [b""] * 2


def a_user_has_so_many_connections_and_none_that_idles(site: Site) -> None:
    wait_until(lambda: "/home/container" in run_quietly(site), 30, "those that were closed are counted no more")
    begun = time.monotonic()
    staying = [site.ssh.stay() for _ in range(CONNECTIONS)]
    try:
        said = site.ssh.ssh("-s", site.ssh.target, "sftp", fails=True)
        assert f"You already have {CONNECTIONS} connections, which is the most" in said
        for process in staying:
            process.wait(IDLE + 30)  # it is hung up on
        assert time.monotonic() - begun >= IDLE
    finally:
        for process in staying:
            process.kill()
    for process in staying:
        assert f"Nothing was asked for {IDLE} s" in process.communicate()[1].decode()
    site.ssh.sftp("pwd")


def sessions_and_open_files_are_bounded(site: Site) -> None:
    async def use() -> None:
        async with await connect(site) as connection:
            client = await connection.start_sftp_client()
            for number in range(100):
                await client.open(f"file{number}", "w")
            with pytest.raises(asyncssh.SFTPFailure, match="You already have 100 files open"):
                await client.open("one more", "w")
            others = [await connection.start_sftp_client() for _ in range(7)]
            with pytest.raises(asyncssh.ChannelOpenError, match="At most 8 sessions"):
                await connection.start_sftp_client()
            assert await others[0].listdir(".")
            with pytest.raises(asyncssh.SFTPFailure, match="No file is that large"):
                await client.truncate("file1", 2**63)

    asyncio.run(use())
    wait_until(lambda: len(site.audited("file.upload")) == 100, 30, "all that it left open is closed")


def it_comes_back_when_killed_and_is_known_again(site: Site) -> None:
    """The client has seen its key, and accepts no other."""
    killed = site.lightd.kill_role("sftp")

    wait_until(lambda: set(site.lightd.pids("sftp")) - set(killed), 60, "it has begun again")
    wait_until(lambda: "/home/container" in run_quietly(site), 60, "it lets in")
    assert site.lightd.http.get("/health/ready").status_code == 200


def run_quietly(site: Site) -> str:
    try:
        return site.ssh.sftp("pwd")
    except AssertionError as error:
        return str(error)


def a_wrong_password_ten_times_is_throttled(site: Site) -> None:
    made = site.lightd.http.post(f"{site.url}/credentials", json={}).json()
    wrong = OpenSsh(site.folder, made["port"], made["username"], password="wrong")

    said = [wrong.ssh("-s", wrong.target, "sftp", fails=True) for _ in range(10)]

    sentence = "Too many failed attempts; try again in 1"  # 15 minutes, or 14 by now
    assert [sentence in each for each in said] == [False] * 5 + [True] * 5
    assert all("Permission denied" in each for each in said)
    right = OpenSsh(site.folder, made["port"], made["username"], password=made["password"])
    assert sentence in right.ssh("-s", right.target, "sftp", fails=True)
    site.ssh.sftp("pwd")  # a key is not guessed
