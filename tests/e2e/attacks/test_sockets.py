"""Thousands of sockets, and sockets that never stop talking."""

import asyncio
import json
from collections import Counter

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.attacks.conftest import token_of_new_user
from tests.e2e.memory import resident
from tests.e2e.server import Lightd
from tests.waiting import wait_until

SOCKETS = 5_000
AT_ONCE = 100
ALLOWED = 100


@pytest.fixture(scope="module")
def container(attacked: Lightd) -> str:
    container = attacked.create(startup_command="cat")
    attacked.start_and_wait(container)
    return container


def address(lightd: Lightd, container: str, token: str) -> str:
    return f"ws://127.0.0.1:{lightd.port}/ws/{container}?token={token}"


async def open_one(url: str) -> ClientConnection:
    """One that is let in."""
    viewer = await connect(url, open_timeout=30)
    await viewer.send(json.dumps({"event": "request_logs", "tail": 1}))
    async with asyncio.timeout(30):
        assert json.loads(await viewer.recv())["event"] in ("logs", "stats")
    return viewer


async def open_in_vain(url: str, number: int, source: str = "127.0.0.1") -> Counter[tuple[int | None, str | None]]:
    """Why each of them was closed."""
    turn = asyncio.Semaphore(AT_ONCE)
    why: Counter[tuple[int | None, str | None]] = Counter()

    async def one() -> None:
        async with turn, asyncio.timeout(60):
            viewer = await connect(url, open_timeout=60, local_addr=(source, 0))
            await viewer.wait_closed()
            why[viewer.close_code, viewer.close_reason] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(one())
    return why


@pytest.mark.timeout(900)
def test_five_thousand_sockets_of_one_user(attacked: Lightd, container: str) -> None:
    stranger = token_of_new_user(attacked, "stranger")
    url = address(attacked, container, attacked.token)

    async def attack() -> Counter[tuple[int | None, str | None]]:
        viewers = [await open_one(url) for _ in range(ALLOWED)]
        refused = await open_in_vain(url, SOCKETS - ALLOWED)
        answer = await asyncio.to_thread(attacked.http.get, "/containers")
        assert answer.status_code == 200
        # Another user is not refused for it: only may not see this container.
        other = await connect(address(attacked, container, stranger))
        await other.wait_closed()
        assert other.close_code == 4404
        for viewer in viewers:
            await viewer.close()
        return refused

    refused = asyncio.run(attack())

    assert {code for code, _ in refused} == {4429}
    assert f"You already have {ALLOWED} sockets open, which is the most" in {reason for _, reason in refused}
    assert sum(refused.values()) == SOCKETS - ALLOWED
    wait_until(lambda: has_place(attacked, container), 30, "closed sockets have given their places back")


def has_place(lightd: Lightd, container: str) -> bool:
    with lightd.socket(container) as viewer:
        viewer.send({"event": "request_logs"})
        try:
            viewer.wait_for(lambda message: message["event"] == "logs")
        except AssertionError:
            assert viewer.close_code == 4429
            return False
    return True


def test_sockets_with_wrong_tokens_wait_and_are_refused(attacked: Lightd, container: str) -> None:
    # From an address of its own: wrong tokens are counted by address, and others of these tests send one too.
    refused = asyncio.run(open_in_vain(address(attacked, container, "lightd_" + "x" * 40), 500, source="127.0.0.9"))

    assert {code for code, _ in refused} <= {4401, 4429}
    assert refused[4401, "Invalid token"] < 100 + AT_ONCE  # what was on its way is not called back
    assert attacked.http.get("/containers").status_code == 200


def test_a_message_that_is_too_large_ends_its_socket_alone(attacked: Lightd, container: str) -> None:
    with attacked.socket(container) as loud, attacked.socket(container) as quiet:
        loud.command("x" * (300 << 10))
        assert loud.wait_closed() == 1009
        quiet.command("still here")
        quiet.wait_for_output("still here")


def test_a_flood_of_messages_waits_at_its_sender(attacked: Lightd, container: str) -> None:
    message = json.dumps({"event": "nothing", "filler": "x" * 10_000})

    async def flood() -> int:
        sent = 0
        async with connect(address(attacked, container, attacked.token), close_timeout=1) as viewer:
            try:
                async with asyncio.timeout(3):
                    while sent < 10_000:
                        await viewer.send(message)
                        sent += 1
            except TimeoutError:
                pass
        return sent

    before = resident(attacked, "web")

    async def attack() -> None:
        flooding = asyncio.create_task(flood())
        while not flooding.done():
            answer = await asyncio.to_thread(attacked.http.get, "/containers", timeout=20)
            assert answer.status_code == 200
            await asyncio.sleep(0.1)
        await flooding

    asyncio.run(attack())
    assert resident(attacked, "web") - before < 48 << 20
