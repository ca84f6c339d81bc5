"""API tokens, by what a person sees."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.e2e.server import Lightd


def make_token(page: Page, name: str) -> str:
    """By the form; returns the secret."""
    page.goto("/dashboard/tokens/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("heading", name=f"{name} is made")).to_be_focused()
    return page.locator("#secret").inner_text()


def status(lightd: Lightd, secret: str) -> int:
    return httpx.get(f"{lightd.url}/containers", headers={"Authorization": f"Bearer {secret}"}, timeout=30).status_code


def test_a_token_is_shown_once_and_never_again(as_user: PersonFactory, lightd: Lightd) -> None:
    page = as_user("tina").page
    secret = make_token(page, "deploy")

    assert status(lightd, secret) == 200
    expect(page.locator("#example")).to_contain_text(
        f'curl {lightd.url}/containers \\\n  -H "Authorization: Bearer {secret}"'
    )
    page.get_by_role("link", name="I have kept it").click()
    expect(page.get_by_role("row", name="deploy")).to_be_visible()
    page.go_back()

    expect(page.get_by_role("button", name="Make token")).to_be_visible()
    assert secret not in page.content()


def test_it_is_copied_by_a_button(as_user: PersonFactory) -> None:
    page = as_user("tina", permissions=["clipboard-read", "clipboard-write"]).page
    secret = make_token(page, "deploy")

    page.get_by_role("button", name="Copy token").click()

    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret


def test_containers_are_suggested_and_chosen(administrators_page: Page, lightd: Lightd) -> None:
    page = administrators_page
    container = lightd.create()
    page.goto("/dashboard/tokens/new")
    page.get_by_label("Name").fill("limited")
    field = page.get_by_label("Only these containers")

    field.press_sequentially(container)
    expect(page.locator(f'datalist option[value="{container}"]')).to_be_attached()
    field.press("Enter")
    field.press_sequentially("another,")
    page.get_by_role("button", name="Remove another").click()
    expect(field).to_be_focused()
    page.get_by_label("Start, stop, restart and kill it").check()
    page.get_by_role("button", name="Make token").click()
    page.get_by_role("link", name="I have kept it").click()

    row = page.get_by_role("row", name="limited")
    expect(row).to_contain_text(f"on {container}")
    expect(row.get_by_text("power")).to_be_visible()


@pytest.mark.expects_errors("status of 422")
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(as_user: PersonFactory) -> None:
    page = as_user("tina").page
    page.goto("/dashboard/tokens/new")
    page.get_by_label("Only these containers").evaluate("field => field.removeAttribute('maxlength')")
    page.get_by_label("Only these containers").fill("x" * 64)
    page.get_by_label("Name").fill("kept")
    page.get_by_label("Read its files").check()
    page.get_by_role("button", name="Make token").click()

    expect(page.get_by_text("no more than 63 characters")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("kept")
    expect(page.get_by_label("Read its files")).to_be_checked()


def test_a_revoked_token_opens_nothing(as_user: PersonFactory, lightd: Lightd) -> None:
    page = as_user("tina").page
    secret = make_token(page, "old")
    page.goto("/dashboard/tokens/")
    page.get_by_role("button", name="Revoke old").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Revoke old?")

    dialog.get_by_role("button", name="Revoke").click()

    expect(page.get_by_text("The token is revoked")).to_be_visible()
    expect(page.get_by_role("row", name="old")).to_have_count(0)
    assert status(lightd, secret) == 401
