"""What axe-core says of a page."""

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

# WCAG 2.2 AA is all of these; the last are axe-core's own advice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those of its rules that judge colours; the other theme is nothing to the rest of them.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
# Without preload: axe-core would fetch style sheets and put them into the page, which its policy refuses.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
EVERYTHING_ELSE = OPTIONS | {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {rule: {"enabled": False} for rule in OF_COLOURS},
}
COLOURS = OPTIONS | {"runOnly": {"type": "rule", "values": OF_COLOURS}}

# Half-way between two colours there may be too little contrast.
END_TRANSITIONS = (
    "document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish())"
)

# axe-core takes a minute for the colours of a page whose rows by the hundred look alike: one of those is enough. A row
# looks like those before it when each of its elements has the colours and the type of one of theirs, within the same.
LEAVING_OUT_WHAT_LOOKS_ALIKE = """(options) => {
    const properties = ["display", "visibility", "opacity", "color", "background", "textShadow", "font"];
    const kinds = new Map();
    const kindOf = new Map([[null, 0]]);
    const look = (element) => {
        if (!kindOf.has(element)) {
            const style = getComputedStyle(element);
            const within = look(element.parentElement);
            const kind = [within, element.tagName, ...properties.map((name) => style[name])].join();
            if (!kinds.has(kind)) kinds.set(kind, kinds.size + 1);
            kindOf.set(element, kinds.get(kind));
        }
        return kindOf.get(element);
    };
    const seen = new Set();
    const isNew = (row) => {
        const before = seen.size;
        for (const element of [row, ...row.querySelectorAll("*")]) seen.add(look(element));
        return seen.size > before;
    };
    const alike = Array.from(document.querySelectorAll("article, tr, dl > div")).filter((row) => !isNew(row));
    return axe.run({ exclude: alike }, options);
}"""


def assert_accessible(page: Page) -> None:
    """No violation in what the page shows now, in either theme."""
    page.evaluate(AXE_SCRIPT)
    assert_none(page, page.evaluate("(options) => axe.run(options)", EVERYTHING_ELSE))
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.evaluate(END_TRANSITIONS)
        assert_none(page, page.evaluate(LEAVING_OUT_WHAT_LOOKS_ALIKE, COLOURS), theme)


def assert_none(page: Page, found: dict[str, Any], theme: Theme | None = None) -> None:
    results = AxeResults(found)
    assert results.violations_count == 0, f"{page.url}, {theme or 'any theme'}: {results.generate_report()}"
