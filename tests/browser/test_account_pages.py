"""One's own password and sessions, by what a person sees."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PageFactory, PersonFactory
from tests.browser.people import sign_in

NEW_PASSWORD = "correct horse battery staple"


def change_password(page: Page, old: str, new: str) -> None:
    page.goto("/account/password")
    page.get_by_label("Current password").fill(old)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    page.get_by_role("button", name="Change password").click()


def test_a_new_password_signs_in_and_ends_what_the_old_one_opened(
    as_user: PersonFactory, open_page: PageFactory
) -> None:
    dave = as_user("dave")
    elsewhere = open_page()
    sign_in(elsewhere, dave.username, dave.password)

    change_password(dave.page, dave.password, NEW_PASSWORD)

    expect(dave.page.get_by_text("Your password is changed")).to_be_visible()
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(elsewhere, dave.username, NEW_PASSWORD)


@pytest.mark.expects_errors("status of 400")
def test_what_is_wrong_with_a_new_password_is_said_beside_its_field(as_user: PersonFactory) -> None:
    erin = as_user("erin")

    change_password(erin.page, erin.password, "12345")

    field = erin.page.get_by_label("New password", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(erin.page.get_by_text("This password is too short")).to_be_visible()


def test_another_browser_is_signed_out_from_here(as_user: PersonFactory, open_page: PageFactory) -> None:
    frank = as_user("frank")
    elsewhere = open_page()
    sign_in(elsewhere, frank.username, frank.password)
    page = frank.page
    page.goto("/account/sessions")
    other = page.get_by_role("main").get_by_role("listitem").filter(has_not_text="this session")

    other.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
