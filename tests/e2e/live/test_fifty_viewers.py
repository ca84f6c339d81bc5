"""Fifty viewers, a thousand lines a second, cuts and kills: each viewer has each line once, in order."""

import random
import time

from tests.e2e.live.conftest import Show
from tests.e2e.live.crowd import Crowd, address, faults, numbers, percentile
from tests.e2e.server import Lightd
from tests.waiting import wait_until

VIEWERS = 50
SECONDS = 30
RATE = 1000  # lines a second
LINES = SECONDS * RATE
CUTS = 20
KILLS_AT = (LINES // 3, 2 * LINES // 3)
RECOVERY = 3.0  # seconds after a restart whose lines are late because they were printed while nobody served


def test_every_viewer_has_every_line_once_through_cuts_and_kills(own_lightd: Lightd, show: Show) -> None:
    container = own_lightd.create(startup_command=numbers(LINES, RATE))
    own_lightd.start_and_wait(container)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    cuts = sorted(chance.randrange(LINES) for _ in range(CUTS))
    outages = []

    with Crowd([address(own_lightd, container)] * VIEWERS, LINES) as crowd:
        own_lightd.socket(container).command("go")
        for line in sorted([*cuts, *KILLS_AT]):
            wait_until_seen(crowd, line)
            if line in KILLS_AT:
                killed_at = time.time()
                own_lightd.kill_role("supervisor")
                own_lightd.start()
                outages.append((killed_at - RECOVERY, time.time() + RECOVERY))
            else:
                crowd.cut(chance.randrange(VIEWERS))
        crowd.wait(60)

    wrong = {n: found for n, each in enumerate(crowd.followers) if (found := faults(each.numbers, LINES))}
    connections = sum(each.connections for each in crowd.followers)
    lags = [lag for each in crowd.followers for at, lag in each.lags if not within(at, outages)]
    median = percentile(lags, 50)
    show(
        f"{VIEWERS} viewers × {RATE} lines/s × {SECONDS} s, {connections} connections, seed {seed}:"
        f" median {median * 1000:.0f} ms, p99 {percentile(lags, 99) * 1000:.0f} ms, worst {max(lags) * 1000:.0f} ms"
    )
    assert not wrong, f"seed {seed}: {dict(list(wrong.items())[:3])}"
    assert median < 2, "lines come, but seconds late"


def wait_until_seen(crowd: Crowd, line: int) -> None:
    wait_until(lambda: any(each.last >= line for each in crowd.followers), 60, f"line {line} was seen", every=0.01)


def within(moment: float, outages: list[tuple[float, float]]) -> bool:
    return any(begin <= moment <= end for begin, end in outages)
