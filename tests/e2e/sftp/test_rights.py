"""What a grant gives by SFTP, and that it ends there as soon as anywhere."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.sftp.conftest import Site
from tests.e2e.sftp.openssh import OpenSsh, make_key
from tests.engine import IMAGE
from tests.waiting import wait_until

SOON = 5  # seconds; the promise is two, and the machine may be busy
SECRET = "secret"
ROUNDS = 300

# As in tests/volumes/test_swapped_links.py: two names are exchanged, so that there is always something to open.
SWAPPER = """
my $out = shift;
mkdir "dir"; symlink $out, "dir.link"; open(my $f, ">", "dir/file"); close $f;
symlink "$out/file", "file.link"; open(my $g, ">", "file"); close $g;
for (;;) { syscall(316, -100, $_, -100, "$_.link", 2) for "dir", "file" }
"""


@pytest.fixture
def stays() -> Iterator[Callable[[OpenSsh], subprocess.Popen[bytes]]]:
    opened: list[subprocess.Popen[bytes]] = []

    def stay(ssh: OpenSsh) -> subprocess.Popen[bytes]:
        opened.append(ssh.stay())
        return opened[-1]

    yield stay
    for process in opened:
        process.kill()
        process.communicate()


Stay = Callable[[OpenSsh], subprocess.Popen[bytes]]


def ends(process: subprocess.Popen[bytes]) -> bool:
    wait_until(lambda: process.poll() is not None, SOON, "the session is ended")
    return True


def test_who_may_read_may_not_change(site: Site) -> None:
    _, reader = site.as_user("files.read")
    (site.volume / "readable").write_text("content")
    (site.folder / "file").write_text("x")

    said = reader.sftp(
        f"get readable {site.folder}/got",
        f"-put {site.folder}/file readable",
        f"-put {site.folder}/file new",
        "-rm readable",
        "-mkdir folder",
        "-rename readable other",
        "-chmod 777 readable",
        "-ln -s x soft",
        "-ln readable hard",
    )

    assert (site.folder / "got").read_text() == (site.volume / "readable").read_text() == "content"
    assert said.count("Permission denied") == 8, said
    assert not [name for name in ("new", "folder", "other", "soft", "hard") if os.path.lexists(site.volume / name)]
    refused = site.audited("file.upload")[0]
    assert (refused["outcome"], refused["via"]) == ("refused", "sftp")


def test_who_may_only_write_or_nothing_is_not_let_in(site: Site) -> None:
    name, ssh = site.as_user("files.read", "files.write")
    ssh.sftp("pwd")
    for permissions in (["files.write"], ["power"]):
        site.grant(name, *permissions)
        assert "Permission denied" in ssh.sftp("pwd", fails=True)


def test_a_grant_taken_back_ends_the_session(site: Site, stays: Stay) -> None:
    name, ssh = site.as_user("files.read")
    session, another = stays(ssh), stays(site.ssh)

    answer = site.lightd.http.delete(f"/containers/{site.container}/grants/{name}")

    assert answer.status_code == 200
    assert ends(session)
    assert another.poll() is None


def test_the_right_to_change_that_is_taken_back_ends_an_upload(site: Site) -> None:
    name, ssh = site.as_user("files.read", "files.write")
    source = site.folder / "source"
    with source.open("wb") as file:
        file.truncate(32 << 20)
    command = ssh.command("scp", "-l", "40000", str(source), f"{ssh.target}:coming")  # kilobits a second
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as client:
        wait_until(lambda: (site.volume / "coming").exists(), 30, "it comes")
        site.grant(name, "files.read")
        _, said = client.communicate(timeout=30)

    assert client.returncode != 0
    assert "Permission denied" in said
    assert (site.volume / "coming").stat().st_size < source.stat().st_size


def test_another_password_ends_the_sessions_of_the_old_one(site: Site, stays: Stay) -> None:
    made = site.lightd.http.post(f"{site.url}/credentials", json={}).json()
    with_password = OpenSsh(site.folder, made["port"], made["username"], password=made["password"])
    with_password.options["BatchMode"] = "no"
    session, with_key = stays(with_password), stays(site.ssh)

    site.lightd.http.post(f"{site.url}/credentials", json={})

    assert ends(session)
    assert with_key.poll() is None
    assert "Permission denied" in with_password.ssh("-s", with_password.target, "sftp", fails=True)


def test_a_removed_key_and_a_deleted_container_end_theirs(site: Site, stays: Stay) -> None:
    container = site.lightd.create()
    url = f"/containers/{container}/sftp"
    keys = []
    for name in ("first", "second"):
        body = {"public_key": make_key(site.folder / name)}
        keys.append(site.lightd.http.post(f"{url}/keys", json=body).json()["id"])
    first, second = (
        stays(OpenSsh(site.folder, site.lightd.sftp_port, f"admin.{container}", key=site.folder / name))
        for name in ("first", "second")
    )

    assert site.lightd.http.delete(f"{url}/keys/{keys[0]}").status_code == 200
    assert ends(first)
    assert second.poll() is None
    assert site.lightd.http.delete(f"/containers/{container}").status_code == 200
    assert ends(second)


def test_links_that_are_swapped_during_transfers_lead_nowhere(site: Site, tmp_path: Path) -> None:
    for name in ("file", "only outside"):
        (tmp_path / name).write_text(SECRET)
    tmp_path.chmod(0o777)
    before = {path.name: (path.read_text(), path.stat().st_ctime_ns) for path in tmp_path.iterdir()}
    container = site.lightd.create(image=IMAGE, startup_command="perl /home/container/swap.pl " + str(tmp_path))
    volume = site.lightd.files(container)
    (volume / "swap.pl").write_text("chdir '/home/container';" + SWAPPER)
    site.lightd.start_and_wait(container)
    wait_until(lambda: (volume / "file.link").is_symlink() != (volume / "file").is_symlink(), 30, "it swaps")
    key = site.folder / "swapped"
    site.lightd.http.post(f"/containers/{container}/sftp/keys", json={"public_key": make_key(key)})
    ssh = OpenSsh(site.folder, site.lightd.sftp_port, f"admin.{container}", key=key)
    (site.folder / "mine").write_text("mine")
    got = site.folder / "swapped-got"
    got.mkdir()

    commands = [
        command
        for number in range(ROUNDS)
        for command in (
            f"-put {site.folder}/mine dir/file",
            f"-put {site.folder}/mine file",
            f"-get dir/file {got}/{number}",
            f"-get file {got}/file{number}",
            "-ls dir",
            "-chmod 666 file",
            f"-rename file dir/new{number}",
            "-rm dir/file",
        )
    ]
    said = ssh.sftp(*commands)

    assert "only outside" not in said
    assert not [path for path in got.iterdir() if path.read_text() == SECRET]
    assert {path.name: (path.read_text(), path.stat().st_ctime_ns) for path in tmp_path.iterdir()} == before
    assert list(got.iterdir()), "the swapper was always ahead"
