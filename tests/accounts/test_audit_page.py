"""The audit trail in the administrator's browser."""

import csv
import datetime as dt
import html
import io
import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import audit_export
from accounts.models import AuditEntry, User
from accounts.pages import audit as audit_page
from tests.answers import found, text
from tests.people import browser_of

LIST = "/dashboard/audit/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(admin: User) -> Client:
    return browser_of(admin)


def entry(action: str, **columns: Any) -> AuditEntry:
    return AuditEntry.objects.create(**{"username": "alice", "via": "api", "action": action, **columns})


def actions(answer: Any) -> list[str]:
    return re.findall(r'data-label="What">\s*<a href="[^"]+">([^<]+)</a>', text(answer))


def href(answer: Any, rel: str) -> str:
    return html.unescape(found(rf'rel="{rel}" href="([^"]+)"', text(answer)))


def test_an_entry_is_shown_with_what_it_changed(browser: Client) -> None:
    entry(
        "container.settings",
        target="web-1",
        token="deploy",
        address="192.0.2.7",
        before={"memory": 512, "stop_command": "stop", "cpu": None},
        after={"memory": 1024, "stop_command": "end", "cpu": 1.5},
        request_id="4c1f0b8e5d0a",
    )

    page = text(browser.get(LIST))

    assert "token deploy · API · 192.0.2.7" in page
    assert '<option value="api">API</option>' in page
    assert "<dt>memory</dt><dd><del>512</del> <ins>1024</ins></dd>" in page
    assert "<dt>stop_command</dt><dd><del>stop</del> <ins>end</ins></dd>" in page
    assert "<dt>cpu</dt><dd><ins>1.5</ins></dd>" in page
    assert 'data-copy="4c1f0b8e5d0a"' in page


def test_a_refusal_is_shown_with_its_reason(browser: Client) -> None:
    entry("container.start", outcome="refused", reason="Container not found")

    assert "Container not found" in text(browser.get(LIST))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["old", "token.create", "container.stop", "container.start"]),
        ("user=bob", ["container.stop"]),
        ("action=container.", ["container.stop", "container.start"]),
        ("target=web-1", ["container.start"]),
        ("outcome=refused", ["container.stop"]),
        ("via=page", ["token.create"]),
        ("until=2020-01-31", ["old"]),
        ("since=2020-02-01", ["token.create", "container.stop", "container.start"]),
        ("since=2020-01-31&until=2020-01-31", ["old"]),
        ("user=alice&action=container.", ["container.start"]),
    ],
)
def test_it_is_looked_through(browser: Client, query: str, found: list[str]) -> None:
    entry("container.start", target="web-1")
    entry("container.stop", username="bob", outcome="refused")
    entry("token.create", via="page")
    entry("old", at=dt.datetime(2020, 1, 31, 23, 59, tzinfo=dt.UTC))

    assert actions(browser.get(f"{LIST}?{query}")) == found
    part = browser.get(f"{LIST}?{query}", headers=HTMX)
    assert actions(part) == found
    assert "<html" not in text(part)


@pytest.mark.parametrize("query", ["since=yesterday", "outcome=maybe", f"user={'x' * 200}"])
def test_what_makes_no_sense_is_said(browser: Client, query: str) -> None:
    entry("container.start")

    answer = browser.get(f"{LIST}?{query}")

    assert answer.status_code == 400
    assert actions(answer) == []
    assert 'class="alert alert-danger' in text(answer)
    assert browser.get(f"{LIST}export/csv?{query}").status_code == 400


def test_one_walks_through_it_in_both_directions(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_page, "ROWS", 3)
    for number in range(7):
        entry(f"do.{number}")
    entry("other", username="bob")
    address = f"{LIST}?user=alice"

    first = browser.get(address)
    second = browser.get(href(first, "next"))
    third = browser.get(href(second, "next"))
    back = browser.get(href(third, "prev"))

    assert actions(first) == ["do.6", "do.5", "do.4"]
    assert actions(second) == actions(back) == ["do.3", "do.2", "do.1"]
    assert actions(third) == ["do.0"]
    assert 'rel="next"' not in text(third)
    assert 'rel="prev"' not in text(first)
    assert 'rel="prev"' not in text(browser.get(href(back, "prev")))


@pytest.mark.parametrize("number", [1, 60])
def test_a_page_costs_four_queries(browser: Client, number: int, django_assert_num_queries: Any) -> None:
    for index in range(number):
        entry(f"do.{index}")

    with django_assert_num_queries(4):  # session, user, entries, engine
        browser.get(LIST)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_what_is_looked_for_is_exported_whole(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_export, "BATCH", 2)
    for number in range(5):
        entry(f"do.{number}", at=timezone.now(), after={"n": number})
    entry("other", username="bob")

    answer = browser.get(f"{LIST}export/csv?user=alice")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    lines = [json.loads(line) for line in b"".join(browser.get(f"{LIST}export/jsonl?user=alice")).splitlines()]

    assert answer["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert [row["action"] for row in rows] == [line["action"] for line in lines] == [f"do.{n}" for n in (4, 3, 2, 1, 0)]
    assert rows[0]["after"] == '{"n":4}'
    assert browser.get(f"{LIST}export/xls").status_code == 404
