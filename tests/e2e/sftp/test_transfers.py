"""OpenSSH's `sftp` and `scp` carry files to and fro, and change them as on any server."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.checksum import sha256_of
from tests.e2e.memory import resident
from tests.e2e.sftp.conftest import Site, connect
from tests.waiting import wait_until

LARGE = 64 << 20  # bytes
SMALL = 1000  # files
BOUND = 60  # seconds for them, to and fro: a client that hangs is no slow one


def random_file(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
    return path


@pytest.fixture(scope="module")
def large(site: Site) -> Path:
    return random_file(site.folder / "large", LARGE)


def test_sftp_carries_every_byte(site: Site, large: Path) -> None:
    site.ssh.sftp(f"put {large} large", f"get large {site.folder}/back")

    assert sha256_of(site.volume / "large") == sha256_of(site.folder / "back") == sha256_of(large)
    assert site.audited("file.upload")[0].items() >= {"via": "sftp", "after": {"size": LARGE}}.items()


@pytest.mark.parametrize("protocol", ["-s", "-O"])
def test_so_does_scp_by_both_its_protocols(site: Site, large: Path, protocol: str) -> None:
    site.ssh.scp(protocol, str(large), "there:by-scp")
    site.ssh.scp(protocol, "there:by-scp", str(site.folder / "scp-back"))

    assert sha256_of(site.volume / "by-scp") == sha256_of(site.folder / "scp-back") == sha256_of(large)


def test_many_small_files_come_and_go(site: Site) -> None:
    source = site.folder / "many"
    for number in range(SMALL):
        path = source / f"{number % 10}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content {number}")
    begun = time.monotonic()

    site.ssh.sftp(f"put -r {source}", f"get -r many {site.folder}/many-back")

    assert time.monotonic() - begun < BOUND
    for number in range(SMALL):
        assert (site.folder / f"many-back/{number % 10}/{number}").read_text() == f"content {number}"


def test_cut_off_transfers_go_on(site: Site, large: Path) -> None:
    (site.volume / "half").write_bytes(large.read_bytes()[: LARGE // 2])
    half = site.folder / "half-back"
    half.write_bytes(large.read_bytes()[: LARGE // 2 + 5])

    site.ssh.sftp(f"reput {large} half", f"reget half {half}")

    assert sha256_of(site.volume / "half") == sha256_of(half) == sha256_of(large)


def test_what_was_written_stays_and_is_recorded_when_the_client_is_killed(site: Site, large: Path) -> None:
    command = site.ssh.command("scp", "-l", "40000", str(large), f"{site.ssh.target}:cut")  # kilobits a second
    client = subprocess.Popen(command, start_new_session=True)
    cut = site.volume / "cut"
    wait_until(lambda: cut.exists() and cut.stat().st_size > 1 << 20, 30, "it comes")

    os.killpg(client.pid, signal.SIGKILL)
    client.wait()

    wait_until(lambda: "/cut" in str(site.audited("file.upload")[0]["target"]), 30, "it is recorded")
    size = cut.stat().st_size
    assert site.audited("file.upload")[0]["after"] == {"size": size}
    with large.open("rb") as file:
        assert cut.read_bytes() == file.read(size)


def test_asyncsshs_client_copies_here_there_and_within(site: Site, large: Path) -> None:
    async def use() -> None:
        async with await connect(site) as connection, connection.start_sftp_client() as client:
            await client.put(large, "theirs-too")
            await client.copy("theirs-too", "copied", remote_only=True)
            await client.get("copied", site.folder / "copied")

    asyncio.run(use())

    assert sha256_of(site.folder / "copied") == sha256_of(large)


def test_ten_connections_that_ask_for_everything_again_and_again(site: Site) -> None:
    (site.volume / "asked").mkdir()
    for number in range(300):
        (site.volume / f"asked/{number}").touch()

    async def ask() -> int:
        async with await connect(site) as connection, connection.start_sftp_client() as client:
            for number in range(300):
                await client.stat(f"asked/{number}")
            names = await client.listdir("asked")
        return len(names)

    async def everybody() -> list[int]:
        return await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(10))), BOUND)

    assert asyncio.run(everybody()) == [302] * 10


def test_answers_that_nobody_takes_need_no_memory(site: Site, large: Path) -> None:
    """A gigabyte is asked for, and nothing is read."""
    site.ssh.sftp(f"put {large} large")
    before = resident(site.lightd, "sftp")
    client = site.ssh.stay()
    try:
        assert client.stdin is not None
        client.stdin.write(packet(3, "00000001", text(b"large"), "00000001", "00000000"))
        for number in range(4000):
            client.stdin.write(packet(5, f"{number:08x}", text(bytes(4)), "0000000000000000", f"{255 << 10:08x}"))
        client.stdin.flush()
        for _ in range(20):
            site.ssh.sftp("ls large")
        assert resident(site.lightd, "sftp") - before < 60 << 20
    finally:
        client.kill()
        client.communicate()


def packet(kind: int, *fields: str) -> bytes:
    """One of SFTP's, of fields in hexadecimal."""
    content = bytes([kind]) + bytes.fromhex("".join(fields))
    return len(content).to_bytes(4) + content


def text(value: bytes) -> str:
    return f"{len(value):08x}{value.hex()}"


def test_folders_names_links_and_modes(site: Site) -> None:
    (site.folder / "file").write_text("x")

    said = site.ssh.sftp(
        "mkdir work",
        "cd work",
        "pwd",
        f"put {site.folder}/file 'a name with spaces'",
        f"put {site.folder}/file ünïcödé",
        "rename ünïcödé other",
        f"put {site.folder}/file replaced",
        "rename other replaced",
        "ln -s replaced soft",
        "ln replaced hard",
        "chmod 640 replaced",
        "ls -l",
        "df",
    )

    assert "Remote working directory: /home/container/work" in said
    work = site.volume / "work"
    assert sorted(path.name for path in work.iterdir()) == ["a name with spaces", "hard", "replaced", "soft"]
    assert os.readlink(work / "soft") == "replaced"
    assert (work / "hard").samefile(work / "replaced")
    assert (work / "replaced").stat().st_mode & 0o777 == 0o640
    assert "lrwxrwxrwx" in said

    site.ssh.sftp("rm work/*", "rmdir work")
    assert not work.exists()


def test_times_and_modes_are_kept_when_asked(site: Site) -> None:
    source = site.folder / "dated"
    source.write_text("x")
    source.chmod(0o750)
    os.utime(source, (1_600_000_000, 1_600_000_001))

    site.ssh.scp("-p", str(source), "there:dated")

    status = (site.volume / "dated").stat()
    assert (status.st_mode & 0o777, status.st_atime, status.st_mtime) == (0o750, 1_600_000_000, 1_600_000_001)


def test_what_is_new_belongs_to_the_containers_user(site: Site) -> None:
    (site.volume / "theirs").mkdir()
    os.chown(site.volume / "theirs", 1234, 1234)
    (site.folder / "file").write_text("x")

    site.ssh.sftp(f"put {site.folder}/file theirs/file", "mkdir theirs/folder")

    assert {(path.stat().st_uid, path.stat().st_gid) for path in (site.volume / "theirs").iterdir()} == {(1234, 1234)}


def test_above_the_volume_there_is_only_the_way_to_it(site: Site) -> None:
    said = site.ssh.sftp("ls -a /", "ls -a /home", "cd ../../..", "pwd", "-ls /etc", "-mkdir /x", "-rm /home")

    assert "/home" in said
    assert "/home/container" in said
    assert "Remote working directory: /\n" in said
    assert 'Can\'t ls: "/etc" not found' in said
    assert 'remote mkdir "/x": No such file or directory' in said


def test_a_link_is_shown_and_leads_nowhere(site: Site, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (site.volume / "out").symlink_to(tmp_path)
    (site.volume / "out-file").symlink_to(tmp_path / "secret")
    (site.folder / "file").write_text("changed")

    said = site.ssh.sftp(
        "ls -l out-file",
        f"-get out-file {site.folder}/stolen",
        f"-get out/secret {site.folder}/stolen",
        f"-put {site.folder}/file out/secret",
        f"-put {site.folder}/file out-file",
        "-ls out/",
        "-rm out/secret",
        "-chmod 777 out-file",
    )

    assert "lrwxrwxrwx" in said
    assert not (site.folder / "stolen").exists()
    assert (tmp_path / "secret").read_text() == "secret"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_time_that_the_protocol_cannot_say_hides_nothing(site: Site) -> None:
    (site.volume / "far").mkdir()
    (site.volume / "far/future").touch()
    os.utime(site.volume / "far/future", (2**33, 2**33))
    (site.volume / "far/past").touch()
    os.utime(site.volume / "far/past", (-5, -5))

    said = site.ssh.sftp("ls -l far")

    assert "future" in said
    assert "past" in said


def test_every_change_is_recorded(site: Site) -> None:
    (site.folder / "file").write_text("x")
    site.ssh.sftp(
        "mkdir recorded",
        f"put {site.folder}/file recorded/file",
        "chmod 600 recorded/file",
        "ln -s x recorded/soft",
        "ln recorded/file recorded/hard",
        "rename recorded/hard recorded/moved",
        "rm recorded/*",
        "rmdir recorded",
    )

    entries = [each for each in site.audited("file.") if "/recorded" in str(each["target"])]
    assert [each["action"] for each in reversed(entries)] == [
        "file.folder",
        "file.upload",
        "file.chmod",
        "file.link",
        "file.link",
        "file.move",
        *["file.delete"] * 4,
    ]
    assert {(each["via"], each["address"], each["outcome"]) for each in entries} == {("sftp", "127.0.0.1", "accepted")}
    assert len({each["request_id"] for each in entries}) == 1


def test_there_is_no_shell_no_rsync_and_no_way_through(site: Site) -> None:
    nothing = "Here is SFTP (and scp), and no program to run: no shell, and no rsync."

    assert nothing in site.ssh.ssh(site.ssh.target, fails=True)
    assert nothing in site.ssh.ssh(site.ssh.target, "rsync --server . /home/container", fails=True)
    through = site.ssh.ssh("-W", f"127.0.0.1:{site.lightd.port}", site.ssh.target, fails=True)
    assert "stdio forwarding failed" in through
    refused = site.ssh.ssh("-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "-N", site.ssh.target, fails=True)
    assert "remote port forwarding failed" in refused
