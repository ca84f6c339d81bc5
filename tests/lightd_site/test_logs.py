import logging
import re
import shlex
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from lightd_site.logs import LineFormatter, Redact, redact
from rules import request_id, subject
from tests.people import client_of

SECRET = "lightd_" + "q3Zk81xW" * 5
PING = "/api/v1/public/ping"


@pytest.fixture
def lines() -> list[str]:
    """What a handler like those of the settings writes, line by line."""
    return []


@pytest.fixture(autouse=True)
def _listen(lines: list[str]) -> Iterator[None]:
    class Handler(logging.StreamHandler[StringIO]):
        def emit(self, record: logging.LogRecord) -> None:
            self.stream = StringIO()
            super().emit(record)
            lines.append(self.stream.getvalue())

    handler = Handler()
    handler.setFormatter(LineFormatter())
    handler.addFilter(Redact())
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
    subject.is_container("")


def parsed(line: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in shlex.split(line))


def test_a_line_has_what_a_search_needs(lines: list[str]) -> None:
    request_id.use("deploy-17")
    subject.is_container("web-1")

    logging.getLogger("containers.jobs").warning('said "%s"', "no")

    fields = parsed(lines[-1])
    assert fields.pop("time").endswith("+00:00")
    assert fields == {
        "level": "warning",
        "logger": "containers.jobs",
        "request": "deploy-17",
        "container": "web-1",
        "msg": 'said "no"',
    }


def test_every_field_of_a_request_is_documented(lines: list[str]) -> None:
    """In the sample, and in the table."""
    text = (settings.BASE_DIR / "docs/operations.md").read_text()
    sample = next(line for line in text.splitlines() if line.startswith("time="))
    table = re.findall(r"`(\w+)`", "".join(re.findall(r"^(\| `.*?) \|", text.partition("## Metrics")[0], re.MULTILINE)))

    Client().get("/containers/my-server-001")

    request = next(parsed(line) for line in lines if "msg=request" in line)
    assert list(parsed(sample)) == list(request)
    assert set(request) <= set(table)


@pytest.mark.parametrize("message", ["one\ntwo", "one\r\ntwo", "one\u2028two", "one\x1b[2Jtwo", "one\x85two"])
def test_an_event_is_one_line_that_commands_no_terminal(lines: list[str], message: str) -> None:
    logging.getLogger("x").warning(message)

    assert len(lines[-1].splitlines()) == 1
    assert lines[-1].rstrip("\n").isprintable()


def test_a_traceback_is_in_its_line_without_tokens(lines: list[str]) -> None:
    try:
        raise ValueError(f"bad {SECRET}")
    except ValueError:
        logging.getLogger("x").exception("failed")

    assert len(lines[-1].splitlines()) == 1
    assert "Traceback" in lines[-1]
    assert SECRET not in lines[-1]


@pytest.mark.parametrize(
    "text",
    [
        f"GET /ws/web-1?token={SECRET} HTTP/1.1",
        f"GET /ws/web-1?since_seq=4&token={SECRET}&x=1",
        f"Authorization: Bearer {SECRET}",
        "GET /ws/web-1?token=something-of-anyone-else",
        "GET /ws/web-1?token%3Dsomething-of-anyone-else",
        f"b'token={SECRET}'",
    ],
)
def test_no_token_is_logged(text: str) -> None:
    assert SECRET not in redact(text)
    assert "something" not in redact(text)


def test_a_token_is_taken_out_of_arguments_and_fields_too(lines: list[str]) -> None:
    logging.getLogger("x").warning("%s and %r", SECRET, [SECRET], extra={"fields": {"path": f"/{SECRET}"}})

    assert SECRET not in lines[-1]
    assert lines[-1].count("lightd_q3Zk…") == 3


def test_a_record_with_wrong_arguments_is_logged_all_the_same(lines: list[str]) -> None:
    logging.getLogger("x").warning("%d %d", SECRET)

    assert SECRET not in lines[-1]


def test_every_handler_takes_tokens_out() -> None:
    handlers: Any = settings.LOGGING["handlers"]

    assert handlers
    assert all("redact" in handler["filters"] for handler in handlers.values())


def test_a_request_leaves_a_line_without_its_query(client: Client, lines: list[str]) -> None:
    client.get(f"{PING}?token={SECRET}", HTTP_X_REQUEST_ID="deploy-18")

    fields = parsed(next(line for line in lines if "lightd_site.requests" in line))
    assert fields["method"] == "GET"
    assert fields["path"] == PING
    assert fields["status"] == "200"
    assert fields["request"] == "deploy-18"
    assert float(fields["ms"]) > 0
    assert "token" not in "".join(lines)


def test_a_request_about_a_container_says_which(admin: User, lines: list[str]) -> None:
    client_of(admin).get("/containers/web-7")

    assert parsed(next(line for line in lines if "lightd_site.requests" in line))["container"] == "web-7"
