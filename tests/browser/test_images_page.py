"""The images on the host, by what a person sees: pulled from a real registry."""

from playwright.sync_api import Page, expect

from tests.e2e.registry import RATE, SIZE, SlowLine


def test_an_image_is_pulled_and_removed_without_a_reload(
    administrators_page: Page, slow_image: str, slow_line: SlowLine
) -> None:
    page = administrators_page
    slow_line.rate = SIZE // 60
    page.goto("/dashboard/images/")
    page.get_by_label("Pull an image").fill(slow_image)
    page.get_by_role("button", name="Pull", exact=True).click()
    job = page.locator("#image-jobs li").filter(has_text=slow_image)
    row = page.get_by_role("row").filter(has_text=slow_image)

    expect(page.get_by_role("progressbar", name=f"Pull of {slow_image}")).to_be_visible()
    expect(job).to_contain_text(" % of 11.4 MiB")
    slow_line.rate = RATE
    expect(row).to_be_visible()
    expect(job).to_contain_text("pulled")

    row.get_by_role("button", name=f"Remove {slow_image}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Remove {slow_image}?")
    dialog.get_by_role("button", name="Remove").click()

    expect(page.locator("#image-jobs li").filter(has_text="removed")).to_be_visible()
    expect(row).to_have_count(0)
