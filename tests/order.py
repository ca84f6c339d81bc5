"""Which files of tests run beside which.

Those of the browser keep both cores busy; those against a real server mostly wait. So one process begins with the
first and the other with the second, and they meet in all the rest, whose files are short: neither waits for the
other at the end, and each shares its servers with more tests.
"""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

HERE = Path(__file__).parent
BEGIN, END = "browser", "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    folder = item.path.relative_to(HERE).parts[0]
    return (folder == END) - (folder == BEGIN)


class FromBothEnds(LoadFileScheduling):
    """A file at a time: the first process takes the first that is left, every other one the last."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if node.gateway.id != "gw0":
            last = next(reversed(self.workqueue))
            self.workqueue.move_to_end(last, last=False)
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return FromBothEnds(config, log) if config.getvalue("dist") == "loadfile" else None
