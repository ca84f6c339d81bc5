"""The second factor, from setting it up to turning it off, by what a person sees."""

from base64 import b32decode

import pytest
from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.browser.people import fill_in_password
from tests.browser.screenshots import screenshot


def code_shown_by_an_app(page: Page) -> str:
    """Of an app that was given the key that the page shows."""
    key = page.locator("code").inner_text().replace(" ", "")
    return f"{TOTP(b32decode(key)).token():06}"


def look_at(page: Page, name: str) -> None:
    assert_accessible(page)
    screenshot(page, name)


@pytest.mark.expects_errors("status of 400")
def test_it_is_set_up_asked_for_and_turned_off(as_user: PersonFactory) -> None:
    carol = as_user("carol")
    page = carol.page
    page.goto("/account/two-factor")
    page.get_by_role("link", name="Set up").click()
    page.get_by_label("Code").fill(code_shown_by_an_app(page))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    look_at(page, "two-factor-recovery-codes")
    codes = page.locator("li code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text(f"{len(codes)} recovery codes left")).to_be_visible()
    look_at(page, "two-factor-on")
    page.context.clear_cookies()

    fill_in_password(page, carol.username, carol.password)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    look_at(page, "sign-in-code")
    page.get_by_label("Code").fill("not a code")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("The code is wrong")).to_be_visible()
    look_at(page, "sign-in-code-wrong")
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Sign in", exact=True).click()

    page.goto("/account/two-factor")
    expect(page.get_by_text(f"{len(codes) - 1} recovery codes left")).to_be_visible()
    page.get_by_role("link", name="New recovery codes").click()
    expect(page.get_by_label("Code")).to_be_visible()
    look_at(page, "two-factor-new-codes")
    page.goto("/account/two-factor")
    page.get_by_role("link", name="Turn off").click()
    look_at(page, "two-factor-turn-off")
    page.get_by_label("Password").fill(carol.password)
    page.get_by_label("Code").fill(codes[1])
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_text("Two-factor sign-in is off.")).to_be_visible()
