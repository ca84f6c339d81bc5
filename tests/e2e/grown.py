"""The grown installation: web, workers, supervisor and SFTP as four processes, with Redis and PostgreSQL."""

import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from tests.e2e.server import Lightd, Role, descendants
from tests.engine import Engine, signal_process
from tests.services import PrivatePostgres, PrivateRedis
from tests.waiting import wait_until

Part = Literal["web", "workers", "supervisor", "sftp"]
PARTS: tuple[Part, ...] = ("web", "workers", "supervisor", "sftp")


class GrownLightd(Lightd):
    """As ``Lightd``; each part is a process that a test may kill alone."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.parts: dict[Part, subprocess.Popen[bytes]] = {}
        with ExitStack() as cleaning:
            self.redis = PrivateRedis()
            cleaning.callback(self.redis.remove)
            self.postgres = PrivatePostgres()
            cleaning.callback(self.postgres.remove)
            super().__init__(folder, engine, {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.redis.url})
            self._services = cleaning.pop_all()

    def start(self) -> None:
        """Starts those parts that do not run."""
        for part in PARTS:
            if part not in self.parts:
                self.parts[part] = self._begin("serve", "--only", part)
        self.process = self.parts["web"]
        self._wait_for_start()
        self._family |= self.everyone()

    def everyone(self) -> set[int]:
        roots = {process.pid for process in self.parts.values()}
        return roots.union(*(descendants(pid) for pid in roots))

    def stop(self, timeout: float = 30, by: signal.Signals = signal.SIGTERM) -> int:
        family = self._family | self.everyone()
        for process in self.parts.values():
            signal_process(process.pid, by)
        try:
            statuses = [process.wait(timeout) for process in self.parts.values()]
            wait_until(lambda: not self._ours(family), 30, "every process of the server has ended")
        finally:
            self._kill(family)
        return max(statuses, default=0)

    def crash(self) -> None:
        self._kill(self._family | self.everyone())

    def _kill(self, family: set[int]) -> None:
        for process in self.parts.values():
            signal_process(process.pid, signal.SIGKILL)
            process.wait(10)
        self.parts = {}
        super()._kill(family)

    def pids(self, role: Role) -> list[int]:
        if role in self.parts:
            whole = self.parts[role].pid
            return [whole, *descendants(whole)]
        web, self.process = self.process, self.parts["workers"]
        try:
            return super().pids(role)
        finally:
            self.process = web

    def kill_role(self, role: Role) -> list[int]:
        pids = self.pids(role)
        assert pids, f"no process of {role} found"
        for pid in pids:
            signal_process(pid, signal.SIGKILL)
        if role in self.parts:
            self.parts.pop(role).wait(10)
        return pids

    def close(self) -> None:
        with self._services:
            super().close()
