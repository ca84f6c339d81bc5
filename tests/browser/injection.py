"""Strings that would do something where they are taken for anything but text, and how a test sees that they did."""

from playwright.sync_api import BrowserContext, Dialog, Page

PAYLOADS = (
    "<script>window.hit = 'script'</script>",
    "<img src=x onerror=\"window.hit = 'image'\">",
    "\"><svg onload=alert('attribute')>",
    "' autofocus onfocus='alert(1)",
    "</title></textarea></script><script>alert('closed')</script>",
    "<a href=\"javascript:alert('link')\">link</a>",
    "javascript:alert('address')",
    "{{ 7|add:7 }}{{ request.user.password }}",
    "{% load static %}{% include 'base.html' %}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "'; DROP TABLE containers_container; --",
    "1 OR 1=1) UNION SELECT password FROM accounts_user --",
)
ALL = " ".join(PAYLOADS)

# What fields hold belongs to what is shown.
SHOWN = """() => {
    const fields = Array.from(document.querySelectorAll("input, textarea"), field => field.value);
    return [document.body.innerText, ...fields].join(" ");
}"""


class Tripwire:
    """Says whether one of the strings ran in a page. The Content-Security-Policy may have kept it from running: that is
    an error on the console, and fails the test as well."""

    def __init__(self, context: BrowserContext) -> None:
        self.dialogs: list[str] = []
        context.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def assert_untouched(self, page: Page) -> None:
        assert page.evaluate("window.hit") is None
        assert self.dialogs == []


def assert_shown(page: Page, *texts: str) -> None:
    """Each of the texts, letter by letter, but for how white space is shown."""
    shown = squeezed(page.evaluate(SHOWN))
    missing = [text for text in texts if squeezed(text) not in shown]
    assert not missing, f"{page.url} does not show {missing}; it shows:\n{shown}"


def squeezed(text: str) -> str:
    return " ".join(text.split())
