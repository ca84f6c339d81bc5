"""The API's reference: found by typing, reached by its addresses, copied from, printed."""

from playwright.sync_api import Page, expect

CREATE = "#containers_create"
START = "#containers_start"


def test_a_word_leaves_what_has_it(administrators_page: Page) -> None:
    page = administrators_page
    page.goto("/docs/")
    search = page.get_by_label("Find a route, a field or a word")

    search.fill("install_script create")

    expect(page.locator(CREATE)).to_be_visible()
    expect(page.locator(START)).to_be_hidden()
    expect(page.get_by_role("link", name="Start a stopped container")).to_have_count(0)
    expect(page.get_by_role("heading", name="Volumes")).to_have_count(0)
    expect(page.locator("#api-found")).to_have_text("1 found")

    search.fill("zebra")

    expect(page.locator("#api-found")).to_have_text("Nothing found")

    search.clear()

    expect(page.locator(START)).to_be_visible()
    expect(page.locator("#api-found")).to_be_empty()


def test_a_route_has_an_address_and_a_call_to_copy(administrators_page: Page) -> None:
    page = administrators_page
    page.goto(f"/docs/{CREATE}")
    expect(page.locator(CREATE)).to_be_in_viewport()

    page.get_by_role("button", name="Copy the call: Create a container").click()

    expect(page.locator(CREATE).get_by_role("status")).to_have_text("Copied")
    search = page.get_by_label("Find a route, a field or a word")
    search.focus()
    page.keyboard.press("Control+V")
    on_one_line = page.locator(f"{CREATE}-call").inner_text().replace("\n", " ")
    expect(search).to_have_value(on_one_line)


def test_on_paper_is_the_reference_alone(administrators_page: Page) -> None:
    page = administrators_page
    page.goto("/docs/")

    page.emulate_media(media="print")

    expect(page.locator(CREATE)).to_be_visible()
    for beside in (".sidebar", ".topbar", ".api-side", f"{CREATE} button"):
        expect(page.locator(beside).first).to_be_hidden()
