"""A page that complains fails its test, whatever the test looks at; and axe-core sees what it is to see."""

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PageFactory
from tests.browser.watch import Watch
from tests.waiting import wait_until

INLINE_SCRIPT = """
const script = document.createElement("script");
script.textContent = "1";
document.body.append(script);
"""
PALE_WORD = """() => {
    const word = document.createElement("p");
    word.textContent = "pale";
    word.style.cssText = "color: #777; background: #888";
    document.querySelector("tbody tr:nth-child(50) td").append(word);
}"""
COMPLAINTS = {
    "console": ("console.error('not well')", "not well"),
    "exception": ("setTimeout(() => { throw new Error('fallen'); })", "fallen"),
    "policy": (INLINE_SCRIPT, "Content Security Policy"),
    "another host": ("fetch('http://127.0.0.1:9/').catch(() => null)", "Refused to connect"),
    "server": ("fetch('/broken')", "answer 503"),
}


@pytest.mark.expects_errors("")
@pytest.mark.parametrize("kind", COMPLAINTS)
def test_it_is_noted(open_page: PageFactory, kind: str) -> None:
    does, complaint = COMPLAINTS[kind]
    page = open_page()
    watch = Watch(page.context)
    page.route("**/broken", lambda route: route.fulfill(status=503))
    page.goto("/account/sign-in")
    assert watch.unexpected([]) == []

    page.evaluate(f"() => {{ {does} }}")

    wait_until(lambda: any(complaint in each for each in watch.unexpected([])), 30, f"{complaint} is noted")


def test_a_well_page_complains_of_nothing(page: Page) -> None:
    page.goto("/account/sign-in")


def test_one_pale_word_in_a_hundred_rows_is_not_accessible(administrators_page: Page) -> None:
    administrators_page.goto("/dashboard/ports/")
    assert_accessible(administrators_page)

    administrators_page.evaluate(PALE_WORD)

    with pytest.raises(AssertionError, match="color-contrast"):
        assert_accessible(administrators_page)
