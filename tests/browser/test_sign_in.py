"""Signing in, by what a person sees."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PersonFactory
from tests.browser.keyboard import tab_to
from tests.browser.people import fill_in_password
from tests.e2e.server import Lightd


def test_the_printed_credentials_sign_in_and_lead_to_where_one_wanted_to_go(page: Page, lightd: Lightd) -> None:
    page.goto("/account/password")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(lightd.password)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()


@pytest.mark.expects_errors("status of 400")
def test_a_wrong_password_is_said_in_a_sentence(page: Page) -> None:
    fill_in_password(page, "nobody", "not the password")

    expect(page.get_by_role("alert")).to_have_text("The user name or the password is wrong")
    expect(page.get_by_label("User name")).to_have_value("nobody")
    expect(page.get_by_label("Password")).to_have_value("")


def test_it_needs_no_mouse(page: Page, lightd: Lightd) -> None:
    page.goto("/account/sign-in")
    tab_to(page, page.get_by_label("User name"))
    page.keyboard.type("admin")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(lightd.password)
    page.keyboard.press("Enter")

    account = page.get_by_role("button", name="Account of admin")
    expect(account).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    tab_to(page, account)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Sign out", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_whoever_signs_out_sees_nothing_by_the_back_button(signed_in_page: Page) -> None:
    page = signed_in_page
    page.goto("/account/sessions")
    page.get_by_role("button", name="Account of admin").click()
    page.get_by_role("banner").get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_two_people_at_once_are_each_themselves(signed_in_page: Page, as_user: PersonFactory) -> None:
    bob = as_user("bob")

    expect(bob.page.get_by_role("banner")).to_contain_text(bob.username)
    signed_in_page.reload()
    expect(signed_in_page.get_by_role("banner")).to_contain_text("admin")
