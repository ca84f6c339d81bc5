"""SFTP below one command, and as a process of its own with PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.server import Lightd
from tests.e2e.sftp.conftest import make_site
from tests.waiting import wait_until

# Each with a container of their own, by whose names their SFTP usernames would be the same.
TWO_USERS = """
from accounts import tokens
from accounts.models import User
from containers.models import Container
from volumes.models import Volume
for username, name in (("same", "web.one"), ("same.web", "one")):
    owner = User.objects.create_user(username)
    Container.objects.create(internal_id=name, owner=owner, volume=Volume.objects.create(owner=owner), image="debian",
                             startup_command="true", state="ready", installed=True)
    print(name, tokens.issue(owner)[1])
"""


@pytest.mark.both_modes
def test_files_come_go_and_a_right_ends(lightd: Lightd, tmp_path: Path) -> None:
    site = make_site(lightd, tmp_path)
    name, ssh = site.as_user("files.read", "files.write")
    (tmp_path / "file").write_text("content")

    ssh.sftp(f"put {tmp_path}/file file", f"get file {tmp_path}/back")
    session = ssh.stay()
    try:
        lightd.http.delete(f"/containers/{site.container}/grants/{name}")
        wait_until(lambda: session.poll() is not None, 30, "the session is ended")
    finally:
        session.kill()
        session.communicate()

    assert (tmp_path / "back").read_text() == "content"
    assert site.audited("file.upload")[0]["username"] == name


@pytest.mark.both_modes
def test_a_name_that_two_would_have_is_asked_for_by_both_at_once(lightd: Lightd) -> None:
    def make(line: str) -> str:
        container, token = line.split()
        headers = {"Authorization": f"Bearer {token}"}
        answer = lightd.http.post(f"/containers/{container}/sftp/credentials", json={}, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["username"])

    with ThreadPoolExecutor() as threads:
        names = sorted(threads.map(make, lightd.manage("shell", "-v0", "-c", TWO_USERS).splitlines()))

    assert names[0] == "same.web.one"
    assert names[1].startswith("same.web.one.")
