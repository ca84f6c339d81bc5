from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from tests.e2e.server import Lightd
from tests.e2e.sftp.openssh import OpenSsh, make_key
from tests.services import accepts
from tests.waiting import wait_until

USERS = 8
MAKE_USERS = f"""
from accounts import tokens
from accounts.models import User
for number in range({USERS}):
    print(tokens.issue(User.objects.get_or_create(username=f"user{{number}}")[0])[1])
"""


@dataclass
class Site:
    """A container of the administrator's, its volume, and OpenSSH with the administrator's key."""

    lightd: Lightd
    container: str
    volume: Path
    ssh: OpenSsh
    folder: Path  # the client's own
    users: Iterator[tuple[int, str]]  # number and token of those who have nothing yet

    @property
    def url(self) -> str:
        return f"/containers/{self.container}/sftp"

    def audited(self, action: str) -> list[dict[str, object]]:
        """What was recorded of the volume's files under this name, newest first."""
        entries = self.lightd.http.get(f"/audit?action={action}&limit=1000").json()["entries"]
        return [entry for entry in entries if entry["target"].startswith(self.volume.parent.name)]

    def grant(self, username: str, *permissions: str) -> None:
        url = f"/containers/{self.container}/grants/{username}"
        answer = self.lightd.http.put(url, json={"permissions": list(permissions)})
        assert answer.status_code == 200, answer.text

    def as_user(self, *permissions: str) -> tuple[str, OpenSsh]:
        """A user with these permissions on the container, and their OpenSSH."""
        number, token = next(self.users)
        name = f"user{number}"
        self.grant(name, *permissions)
        key = self.folder / f"{name}-{self.container}"
        body, headers = {"public_key": make_key(key)}, {"Authorization": f"Bearer {token}"}
        added = self.lightd.http.post(f"{self.url}/keys", json=body, headers=headers)
        assert added.status_code == 201, added.text
        return name, OpenSsh(self.folder, self.lightd.sftp_port, f"{name}.{self.container}", key=key)


def make_site(lightd: Lightd, folder: Path) -> Site:
    container = lightd.create()
    key = folder / "id"
    added = lightd.http.post(f"/containers/{container}/sftp/keys", json={"public_key": make_key(key)})
    assert added.status_code == 201, added.text
    info = lightd.http.get(f"/containers/{container}/sftp/info").json()
    ssh = OpenSsh(folder, lightd.sftp_port, info["username"], key=key)
    wait_until(lambda: accepts(lightd.sftp_port), 30, "SFTP has begun")
    tokens = lightd.manage("shell", "-v0", "-c", MAKE_USERS).split()
    return Site(lightd, container, lightd.files(container), ssh, folder, iter(enumerate(tokens)))


@pytest.fixture(scope="package")
def site(default_lightd: Lightd, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(default_lightd, tmp_path_factory.mktemp("client"))


async def connect(site: Site) -> asyncssh.SSHClientConnection:
    """Another client than OpenSSH's."""
    return await asyncssh.connect(
        "127.0.0.1",
        site.lightd.sftp_port,
        username=site.ssh.target.partition("@")[0],
        client_keys=[site.ssh.options["IdentityFile"]],
        known_hosts=None,
        config=None,
    )
