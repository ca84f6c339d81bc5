"""Everybody's accounts, by what an administrator sees."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageFactory, PersonFactory
from tests.browser.people import fill_in_password, sign_in
from tests.e2e.server import Lightd


def open_user(page: Page, username: str) -> None:
    page.goto("/dashboard/users/")
    page.get_by_label("Search").fill(username)
    page.wait_for_url(f"**search={username}**")  # the table is another one now
    page.get_by_role("main").get_by_role("link", name=username).click()
    expect(page.get_by_role("heading", name=username)).to_be_visible()
    page.wait_for_load_state()  # until then a button does nothing


def confirm(page: Page, action: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action).click()


def test_a_new_user_signs_in_with_the_password_that_was_shown_once(
    administrators_page: Page, open_page: PageFactory, lightd: Lightd
) -> None:
    page, username = administrators_page, lightd.fresh_id("ulla")
    page.goto("/dashboard/users/new")
    page.get_by_label("User name").fill(username)
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("heading", name=f"{username} can sign in")).to_be_visible()
    password = page.locator("#secret").inner_text()

    sign_in(open_page(), username, password)

    page.get_by_role("link", name="Quota and rights").click()
    expect(page.get_by_role("heading", name=username)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Create user")).to_be_visible()
    assert password not in page.content()


def test_a_quota_is_set_with_units(administrators_page: Page, as_user: PersonFactory) -> None:
    page = administrators_page
    open_user(page, as_user("ulla").username)
    page.get_by_label("Containers", exact=True).fill("3")
    page.get_by_label("Memory").fill("4")
    page.get_by_label("Unit").select_option("GiB")
    page.get_by_role("button", name="Save quota").click()

    expect(page.get_by_text("The quota is saved")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Containers", exact=True)).to_have_value("3")
    expect(page.get_by_label("Memory")).to_have_value("4")
    expect(page.get_by_label("Unit")).to_have_value("GiB")


@pytest.mark.expects_errors("status of 422")
def test_a_wrong_quota_is_said_at_its_field(administrators_page: Page, as_user: PersonFactory) -> None:
    page = administrators_page
    open_user(page, as_user("ulla").username)
    page.get_by_label("Ports").evaluate("field => { field.min = ''; }")
    page.get_by_label("Ports").fill("-1")
    page.get_by_role("button", name="Save quota").click()

    expect(page.get_by_label("Ports")).to_have_attribute("aria-invalid", "true")


@pytest.mark.expects_errors("status of 400")
def test_who_is_deactivated_is_signed_out(administrators_page: Page, as_user: PersonFactory) -> None:
    page, ulla = administrators_page, as_user("ulla")
    open_user(page, ulla.username)
    page.get_by_role("button", name="Deactivate").click()
    confirm(page, "Deactivate")
    expect(page.get_by_role("button", name="Activate", exact=True)).to_be_visible()

    ulla.page.reload()
    expect(ulla.page.get_by_role("heading", name="Sign in")).to_be_visible()
    fill_in_password(ulla.page, ulla.username, ulla.password)
    expect(ulla.page.get_by_role("alert")).to_be_visible()

    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    sign_in(ulla.page, ulla.username, ulla.password)


def test_a_new_password_replaces_the_old_one(
    administrators_page: Page, as_user: PersonFactory, open_page: PageFactory
) -> None:
    page, ulla = administrators_page, as_user("ulla")
    open_user(page, ulla.username)
    page.get_by_role("button", name="New password").click()
    confirm(page, "New password")
    expect(page.get_by_role("heading", name="A new password")).to_be_focused()

    sign_in(open_page(), ulla.username, page.locator("#secret").inner_text())


@pytest.mark.expects_errors("status of 409", "Status Error Code 409")
def test_a_refusal_is_said_in_a_sentence(administrators_page: Page) -> None:
    page = administrators_page
    open_user(page, "admin")
    page.get_by_role("button", name="Make a user").click()
    confirm(page, "Make a user")

    expect(page.get_by_text("admin is the last administrator: make somebody else one first")).to_be_visible()
    expect(page.get_by_role("button", name="Make a user")).to_be_visible()


def test_deleting_needs_the_name_typed(administrators_page: Page, as_user: PersonFactory) -> None:
    page, username = administrators_page, as_user("ulla").username
    open_user(page, username)
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label(f"Type {username}").fill(username)
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_text(f"{username} is deleted.")).to_be_visible()
    expect(page).to_have_url("/dashboard/users/")
