"""What was written by SFTP into files that a restore has thrown away, as the client and the audit trail hear of it."""

import asyncio
from pathlib import Path

import asyncssh
import pytest

from tests.e2e.serving import LightdFactory
from tests.e2e.sftp.conftest import Site, connect, make_site
from tests.waiting import wait_until


def test_it_is_refused_at_the_close_and_at_the_end_of_the_connection(
    make_lightd: LightdFactory, tmp_path: Path
) -> None:
    site = make_site(make_lightd(environment={"LIGHTD_VOLUMES": "directories"}), tmp_path)

    asyncio.run(write_three_and_close_one(site))

    assert list(site.volume.iterdir()) == []
    wait_until(lambda: len(outcomes(site)) == 3, 30, "all are in the audit trail")
    assert outcomes(site) == ["refused"] * 3


async def write_three_and_close_one(site: Site) -> None:
    async with await connect(site) as connection, connection.start_sftp_client() as client:
        files = [await client.open(name, "w") for name in ("one", "two", "three")]
        for file in files:
            await file.write("content")
        exchange(site.volume)
        with pytest.raises(asyncssh.SFTPFailure, match="restored from a backup meanwhile"):
            await files[0].close()


def outcomes(site: Site) -> list[str]:
    return [entry["outcome"] for entry in site.lightd.http.get("/audit?action=file.upload").json()["entries"]]


def exchange(volume: Path) -> None:
    """As a restore does it."""
    volume.rename(volume.with_name(f"{volume.name}.old"))
    volume.mkdir()
