from django.conf import settings
from django.test import Client


def test_ping_answers_without_a_token(client: Client) -> None:
    answer = client.get("/api/v1/public/ping")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "message": "Lightd is running", "version": settings.VERSION}
