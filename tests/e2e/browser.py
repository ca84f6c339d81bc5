"""A browser as far as forms go."""

from types import TracebackType
from typing import Self

import httpx

SIGN_IN = "/account/sign-in"


class Browser:
    """Keeps its cookies, and sends with each form what the page has in it against forged ones."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Accept": "text/html"}, timeout=30)

    def sign_in(self, username: str, password: str) -> Self:
        answer = self.post(SIGN_IN, username=username, password=password)
        assert answer.status_code == 302, "could not sign in"
        return self

    def post(self, path: str, **form: str) -> httpx.Response:
        if "csrftoken" not in self.http.cookies:
            self.http.get(SIGN_IN)
        return self.http.post(path, data={**form, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]})

    def page(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, path
        return answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
