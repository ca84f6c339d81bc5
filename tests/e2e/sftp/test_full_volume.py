"""A volume that is full, as an SFTP client meets it."""

import os
from pathlib import Path

from tests.e2e.server import Lightd
from tests.e2e.sftp.conftest import make_site

MIB = 1 << 20


def test_it_fails_and_goes_on_when_there_is_room(default_lightd: Lightd, tmp_path: Path) -> None:
    site = make_site(default_lightd, tmp_path)
    url = f"/volumes/{default_lightd.get(site.container)['volume_id']}"
    assert default_lightd.http.post(f"{url}/resize", json={"size": 8}).status_code == 200
    (tmp_path / "world").write_bytes(os.urandom(20 * MIB))

    assert "Failure" in site.ssh.sftp(f"put {tmp_path}/world", fails=True)  # no more words in this version of SFTP
    size, used, available = site.ssh.sftp("df").splitlines()[-1].split()[:3]
    assert (int(size), int(available)) == (8 * 1024, 0)
    assert int(used) == 8 * 1024

    assert default_lightd.http.post(f"{url}/resize", json={"size": 40}).status_code == 200
    site.ssh.sftp(f"reput {tmp_path}/world")
    assert (site.volume / "world").read_bytes() == (tmp_path / "world").read_bytes()
