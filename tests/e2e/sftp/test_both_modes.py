"""SFTP below one command, and as a process of its own with PostgreSQL."""

from pathlib import Path

import pytest

from tests.e2e.server import Lightd
from tests.e2e.sftp.conftest import make_site
from tests.waiting import wait_until


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
