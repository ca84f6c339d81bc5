"""200 rows of the list of containers, live in a browser: what the browser itself notes of pauses and frames.

The server is a real one with so many rows; what its socket says is what we put into it on the way to the page: new
figures of all each second, and that some changed, whose rows the page then asks the server for.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, WebSocketRoute, sync_playwright

from benchmarks.figures import Row, percentile
from tests.browser.people import sign_in
from tests.e2e.server import Lightd

ROWS = 200
SECONDS = 20
CHANGES = 10  # a second: containers that are started and stopped
DELAYED = 50.0  # milliseconds; a task that lasts longer is what browsers call a long one

FILL = f"""
from accounts.models import User
from containers.models import Container
from volumes.models import Volume
owner = User.objects.get(username="admin")
Container.objects.bulk_create(
    Container(internal_id=f"row-{{number:03d}}", owner=owner, volume=volume, image="debian", memory=2**30, cpu=2,
              startup_command="true", state="ready", installed=True)
    for number, volume in enumerate(Volume.objects.bulk_create(Volume(owner=owner) for _ in range({ROWS})))
)
"""
# Frames by the time from one to the next, long tasks by the browser's own performance entries.
OBSERVE = """
() => {
  const seen = (window.seen = { frames: [], tasks: [] });
  let last = null;
  const frame = (now) => {
    if (last !== null) seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: "longtask" });
}
"""


def measure(site: Lightd) -> list[Row]:
    """The page at rest, with new figures each second, and with changes beside them."""
    site.manage("shell", "-v", "0", "-c", FILL)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        still, figures, changes = (watch(browser, site, kind) for kind in ("still", "figures", "changes"))
        browser.close()
    return [
        *rows_of(f"{ROWS} rows with new figures each second", figures, still),
        *rows_of(f"the same with {CHANGES} changes a second", changes, still),
    ]


def rows_of(what: str, seen: dict[str, list[float]], still: dict[str, list[float]]) -> list[Row]:
    frames, at_rest = (percentile(each["frames"], 0.99) for each in (seen, still))
    return [
        Row(f"{what}, frame p99", frames, "ms", DELAYED, at_rest, "the page at rest"),
        Row(f"{what}, CPU of the page's thread", seen["cpu"][0], "%"),
        Row(f"{what}, longest task", max(seen["tasks"], default=0), "ms"),
        Row(f"{what}, tasks over {DELAYED:.0f} ms a minute", len(seen["tasks"]) * 60 / SECONDS, ""),
    ]


def watch(browser: Browser, site: Lightd, kind: str) -> dict[str, list[float]]:
    """What the browser notes of the page for some seconds."""
    page = browser.new_page(base_url=site.url, viewport={"width": 1440, "height": 900})
    sockets: list[WebSocketRoute] = []
    page.route_web_socket(re.compile("/live$"), lambda socket: pass_on(socket, sockets))
    sign_in(page, "admin", site.password)
    page.goto(f"/dashboard/containers/?search=row-&rows={ROWS}")
    page.locator("html[data-live=on]").wait_for()
    feed(page, sockets[-1], kind, seconds=3)  # what is only slow once is no stutter
    page.evaluate(OBSERVE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    before = thread_time(devtools)
    feed(page, sockets[-1], kind, SECONDS)
    seen: dict[str, list[float]] = page.evaluate("() => window.seen")
    seen["cpu"] = [(thread_time(devtools) - before) / SECONDS * 100]
    page.close()
    return seen


def thread_time(devtools: CDPSession) -> float:
    """Seconds of CPU that the page's thread has had: what does not depend on who else uses the machine."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "ThreadTime")


def pass_on(socket: WebSocketRoute, sockets: list[WebSocketRoute]) -> None:
    sockets.append(socket)
    socket.connect_to_server()


def feed(page: Page, socket: WebSocketRoute, kind: str, seconds: int) -> None:
    names = [f"row-{number:03d}" for number in range(ROWS)]
    for second in range(seconds):
        if kind != "still":
            say(socket, "stats", {name: usage(number, second) for number, name in enumerate(names)})
        if kind == "changes":
            say(socket, "changed", names[:CHANGES])
        page.wait_for_timeout(1000)


def say(socket: WebSocketRoute, event: str, containers: Any) -> None:
    socket.send(json.dumps({"event": event, "containers": containers}))


def usage(number: int, second: int) -> dict[str, float]:
    """Figures that are others each second."""
    swing = math.sin(second / 3 + number)
    return {"cpu_usage": round(100 + 90 * swing, 1), "memory_usage": int((0.6 + 0.35 * swing) * 2**30)}
