from django.test import Client

PING = "/api/v1/public/ping"


def test_the_caller_s_id_is_echoed(client: Client) -> None:
    assert client.get(PING, HTTP_X_REQUEST_ID="deploy-17")["X-Request-ID"] == "deploy-17"


def test_without_one_each_request_has_a_new_one(client: Client) -> None:
    first, second = (client.get(PING)["X-Request-ID"] for _ in range(2))

    assert first
    assert first != second


def test_one_that_is_not_safe_to_log_is_replaced(client: Client) -> None:
    assert client.get(PING, HTTP_X_REQUEST_ID="a b")["X-Request-ID"] != "a b"
