import orjson
import pytest
from rest_framework.test import APIClient

URL = "/api/v1/public/ping"
LIGHTD = "Application/vnd.pkglatv1+json"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (LIGHTD, LIGHTD),
        (LIGHTD.lower(), LIGHTD),
        (LIGHTD.upper(), LIGHTD),
        (f"{LIGHTD};q=0.5", LIGHTD),
        ("application/json", "application/json"),
        ("APPLICATION/JSON; charset=utf-8", "application/json"),
        ("*/*", "application/json"),
        (f"application/*, {LIGHTD}", LIGHTD),
        ("", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        (f"application/json;q=0.2, {LIGHTD}", LIGHTD),
        (f"{LIGHTD}, application/json", LIGHTD),
        ("application/json;q=0, */*", LIGHTD),
        (f"*/*;q=0.9, {LIGHTD};q=0.1", "application/json"),
    ],
)
def test_the_answer_is_of_the_type_asked_for(accept: str, content_type: str) -> None:
    answer = APIClient().get(URL, HTTP_ACCEPT=accept)

    assert answer.status_code == 200
    assert answer["Content-Type"] == content_type
    assert orjson.loads(answer.content)["status"] == "ok"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "application/json;q=0", "application/*", "image/*", "nonsense"]
)
def test_any_other_type_is_not_acceptable(accept: str) -> None:
    answer = APIClient().get(URL, HTTP_ACCEPT=accept)

    assert answer.status_code == 406
    assert answer["Content-Type"] == "application/json"
    assert list(answer.json()) == ["error"]


def test_an_error_is_of_the_type_asked_for_too() -> None:
    for url in ("/volumes", "/no/such/route"):
        assert APIClient().get(url, HTTP_ACCEPT=LIGHTD)["Content-Type"] == LIGHTD
