"""How long bodies may be, and how one waits for who reads it."""

import asyncio

import pytest
from pytest_django import Settings

from lightd_site.wall.bodies import HELD, TEXT_BODY, IncomingBody, body_limit, is_streamed

VOLUME = "/volumes/550e8400-e29b-41d4-a716-446655440000"


def test_each_address_has_its_limit(settings: Settings) -> None:
    assert body_limit("/containers") == settings.MAX_BODY
    assert body_limit(f"{VOLUME}/files") == TEXT_BODY
    assert body_limit(f"{VOLUME}/upload") == settings.MAX_UPLOAD


@pytest.mark.parametrize(
    "path",
    ["/volumes/a/b/upload", "/volumes/a%2Fb/upload", "/volumes/a/uploa%64", "/volumes//upload", f"{VOLUME}/upload/"],
)
def test_what_only_looks_like_an_upload_is_none(path: str, settings: Settings) -> None:
    assert not is_streamed(path)
    assert body_limit(path) == settings.MAX_BODY


def test_a_sender_waits_while_too_much_is_not_read() -> None:
    said: list[str] = []

    async def carry() -> None:
        body = IncomingBody(lambda: said.append("wait"), lambda: said.append("go on"))
        for _ in range(3):
            body.put(b"x" * (HELD // 2))
        assert said == ["wait"]
        await body.receive()
        assert said == ["wait"]
        await body.receive()
        assert said == ["wait", "go on"]
        body.end()
        assert [len((await body.receive())["body"]) for _ in range(2)] == [HELD // 2, 0]

    asyncio.run(carry())
