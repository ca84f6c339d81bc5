"""The page at /docs/: all that /docs/openapi.json says stands on it, with calls that can be pasted."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from lightd_site.reference import reference
from lightd_site.reference.calls import Body, Call, curl
from lightd_site.reference.fields import Schemas
from lightd_site.reference.operations import Operation
from tests.people import client_of

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(alice: User) -> Any:
    return client_of(alice).get("/docs/openapi.json").json()


@pytest.fixture
def page(client: Client, alice: User) -> str:
    client.force_login(alice)
    answer = client.get("/docs/", HTTP_ACCEPT="text/html", HTTP_HOST="panel.example:8070")
    assert answer.status_code == 200
    return answer.content.decode()


def described(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method.upper(), path, methods[method]


def articles_in(page: str) -> dict[str, str]:
    """The operations on the page by their ids, as the text that people read."""
    return {
        found[1]: html.unescape(re.sub(r"<[^>]+>", "", found[2]))
        for found in re.finditer(r'<article id="(\w+)"(.*?)</article>', page, re.DOTALL)
    }


def names_in(document: Any, schema: Any) -> Iterator[str]:
    """The names of all fields of a schema, of those within others too."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, each in schema.get("properties", {}).items():
        yield name
        yield from names_in(document, each)
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("allOf", ())]
    for each in inner:
        if isinstance(each, dict):
            yield from names_in(document, each)


def operation(name: str) -> Operation:
    return next(each for section in reference().sections for each in section.operations if each.id == name)


def test_every_operation_is_on_the_page_with_all_its_fields_and_errors(document: Any, page: str) -> None:
    shown = articles_in(page)

    assert set(shown) == {each["operationId"] for _, _, each in described(document)}
    for method, path, each in described(document):
        article = shown[each["operationId"]]
        missing = [text for text in expected_of(document, method, path, each) if text not in article]
        assert missing == [], f"{method} {path}"


def expected_of(document: Any, method: str, path: str, operation: Any) -> Iterator[str]:
    yield from (method, path, operation["summary"])
    yield operation.get("description", "").split("\n")[0].replace("`", "")
    for parameter in operation.get("parameters", ()):
        yield parameter["name"]
        yield parameter.get("description", "").replace("`", "")
    for content in operation.get("requestBody", {}).get("content", {}).values():
        yield from names_in(document, content["schema"])
    for status, response in operation["responses"].items():
        yield status
        yield response["description"].replace("`", "")
        for content in response["content"].values():
            if content["schema"].get("$ref") != "#/components/schemas/Error":
                yield from names_in(document, content["schema"])


def test_every_error_is_explained(document: Any, page: str) -> None:
    explained = html.unescape(page[page.index('id="errors"') : page.index("</section>", page.index('id="errors"'))])

    for _, _, each in described(document):
        for status, response in each["responses"].items():
            schema = next(iter(response["content"].values()))["schema"]
            assert int(status) < 400 or status in explained, (each["operationId"], schema)


def test_every_tag_has_its_place_and_its_words(document: Any) -> None:
    declared = [tag["name"] for tag in document["tags"]]

    assert {tag for _, _, each in described(document) for tag in each["tags"]} == set(declared)
    assert [section.tag for section in reference().sections] == declared


def test_every_link_on_the_page_leads_somewhere_on_it(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href|data-copy-from|data-filter|data-filter-said)="#([^"]+)"', page)) <= set(ids)


def test_the_calls_are_to_the_host_that_was_asked(page: str) -> None:
    assert 'curl "http://panel.example:8070/containers' in html.unescape(page)
    assert "ws://panel.example:8070/ws/" in page


def pasted(call: Call) -> list[str]:
    """What a shell that knows the variables hands to curl."""
    variables = "TOKEN=secret; internal_id=web-1; place=there; path=a/b; file=x.zip"
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}; {variables}; {call.before}http://here{call.after}"
    given = subprocess.run(["sh", "-euc", script], check=True, capture_output=True, text=True).stdout
    return given.split("\0")[:-1]


def test_a_call_has_what_its_route_needs() -> None:
    method, verb, address, *options, body = pasted(operation("containers_change").call)

    assert (method, verb, address) == ("-X", "PATCH", "http://here/containers/web-1")
    assert options == ["-H", "Authorization: Bearer secret", "-H", "Content-Type: application/json", "-d"]
    assert json.loads(body) == {"stop_command": "stop", "restart_policy": "on-crash"}


def test_a_call_that_needs_no_token_has_none() -> None:
    assert pasted(operation("ping").call) == ["http://here/api/v1/public/ping"]


def test_a_quote_in_an_example_does_not_end_the_call() -> None:
    call = curl("POST", "/say", [], Body(("application/json",), (), {"text": "it's $TOKEN"}), secured=False)

    assert json.loads(pasted(call)[-1]) == {"text": "it's $TOKEN"}


def test_a_call_names_what_its_query_cannot_do_without_and_sends_a_file_as_a_form() -> None:
    call = curl("PUT", "/at/{place}", ["path"], Body(("multipart/form-data",), (), None), secured=False)

    assert pasted(call) == ["-X", "PUT", "http://here/at/there?path=a/b", "-F", "file=@x.zip"]


def test_fields_are_named_by_their_path_and_described_in_words() -> None:
    kind = {"allOf": [{"$ref": "#/components/schemas/Kind"}], "default": "a"}
    schemas = Schemas(
        {
            "Kind": {"type": "string", "enum": ["a", "b"], "description": "* `a` - A"},
            "Row": {"type": "object", "properties": {"kind": kind}},
        }
    )
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}, "maxItems": 3, "description": "Some."}
    named = {"type": "object", "additionalProperties": {"type": "string"}, "nullable": True}

    found = list(schemas.fields({"properties": {"rows": rows, "named": named}, "required": ["rows"]}))

    assert [field.name for field in found] == ["rows", "rows[].kind", "named"]
    assert [field.type for field in found] == ["list of objects", "string", "object of strings or null"]
    assert [field.required for field in found] == [True, False, False]
    assert (found[0].help, found[0].limits) == ("Some.", ("at most 3 of them",))
    assert (found[1].help, found[1].limits, found[1].choices) == ("", ('`"a"` unless given',), ("a", "b"))


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("ping", "Everyone, without a token."),
        ("containers_list", "Everyone with a token."),
        ("containers_start", "Whoever has `power`: the owner, administrators, and whom it was granted."),
        ("ports_add", "Administrators. A token with scopes needs `ports`."),
        ("volumes_create", "Everyone. A token with scopes needs `volumes`; one that is limited to containers may not."),
    ],
)
def test_it_says_who_may_call(name: str, who: str) -> None:
    assert operation(name).who == who
