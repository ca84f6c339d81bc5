"""A viewer of a container's console socket."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

Message = dict[str, Any]
PATIENCE = 30.0  # seconds, on a machine that is busy with other things


class Console:
    """Collects every message from its opening on; waits for one that fits, among those that came already too."""

    def __init__(self, url: str, headers: dict[str, str], origin: str | None = None) -> None:
        self.messages: list[Message] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self._changed = threading.Condition()
        self._opening = ExitStack()
        self._connection: ClientConnection = self._opening.enter_context(
            connect(
                url,
                additional_headers=headers,
                origin=None if origin is None else Origin(origin),
                open_timeout=PATIENCE,
                max_size=None,
            )
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            for text in self._connection:
                with self._changed:
                    self.messages.append(json.loads(text))
                    self._changed.notify_all()
        except ConnectionClosed:
            pass  # the code says why, below
        finally:
            with self._changed:
                self.close_code = self._connection.protocol.close_code or 1006
                self.close_reason = self._connection.protocol.close_reason or ""
                self._changed.notify_all()

    def wait_for(self, fits: Callable[[Message], bool], timeout: float = PATIENCE, after: int = 0) -> Message:
        """The first message, not counting ``after`` of the oldest, that fits."""
        deadline = time.monotonic() + timeout
        seen = after
        with self._changed:
            while True:
                for message in self.messages[seen:]:
                    if fits(message):
                        return message
                seen = max(seen, len(self.messages))
                left = deadline - time.monotonic()
                if self.close_code is not None or left <= 0:
                    raise AssertionError(
                        f"no such message within {timeout:g} s; closed: {self.close_code} {self.close_reason};"
                        f" the last were {self.messages[-10:]}"
                    )
                self._changed.wait(left)

    def wait_for_event(self, data: str, timeout: float = PATIENCE, after: int = 0) -> Message:
        return self.wait_for(lambda m: m["event"] == "event" and m["data"] == data, timeout, after)

    def wait_for_output(self, text: str, timeout: float = PATIENCE) -> str:
        """Waits until the console's output holds the text, also when it came in pieces; returns the output."""
        self.wait_for(lambda _: text in self.output, timeout)
        return self.output

    def wait_closed(self, timeout: float = PATIENCE) -> int:
        with self._changed:
            if not self._changed.wait_for(lambda: self.close_code is not None, timeout):
                raise AssertionError(f"still open after {timeout:g} s; the last were {self.messages[-10:]}")
            assert self.close_code is not None
            return self.close_code

    @property
    def output(self) -> str:
        return "".join(m["data"] for m in self.messages if m["event"] == "console")

    def send(self, message: Message) -> None:
        self._connection.send(json.dumps(message))

    def send_text(self, text: str) -> None:
        self._connection.send(text)

    def command(self, line: str) -> None:
        self.send({"event": "send_command", "command": f"{line}\n"})

    def power(self, action: str) -> None:
        self.send({"event": "power", "action": action})

    def close(self) -> None:
        self._opening.close()
        self._reader.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
