"""Every page under /account/ but the sign-in itself leads there whoever is not signed in, and changes nothing."""

from uuid import uuid4

import pytest
from django.test import Client

from accounts import page_urls

OPEN = {"", "sign-in", "sign-out"}
ROUTES = sorted({str(pattern.pattern) for pattern in page_urls.urlpatterns} - OPEN)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", ROUTES)
def test_nobody_gets_past_the_sign_in(client: Client, route: str, method: str) -> None:
    answer = client.generic(method.upper(), f"/account/{route.replace('<uuid:public_id>', str(uuid4()))}")

    assert answer.status_code in (302, 405)
    if answer.status_code == 302:
        assert answer["Location"].startswith("/account/sign-in")


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted({str(pattern.pattern) for pattern in page_urls.urlpatterns}))
def test_nothing_is_posted_without_a_csrf_token(route: str) -> None:
    client = Client(enforce_csrf_checks=True)

    answer = client.post(f"/account/{route.replace('<uuid:public_id>', str(uuid4()))}")

    assert answer.status_code in (403, 405)
