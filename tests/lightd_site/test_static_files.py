"""What browsers keep: addresses that change with what is there, and nothing that such a file asks for is missing."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.test import Client

from lightd_site import settings as ours
from lightd_site.templatetags.modules import imported

FOLDER = Path(settings.BASE_DIR) / "static"
MODULES = [path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("js/**/*.js")]
STYLES = [path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("**/*.css")]
# Single imports stand on a line; what is in vendor/ has none.
IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;]*?["'](\.[^"';]+)["'];""", re.MULTILINE)
USED = re.compile(r"""url\(["']?(?!data:|#)([^"')]+)["']?\)""")


def test_a_browser_keeps_them_for_good(client: Client) -> None:
    answer = client.get(static("js/theme.js"))

    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    assert client.get("/static/js/theme.js").status_code == 404


def test_another_content_has_another_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "static").mkdir()
    monkeypatch.setattr(ours, "BASE_DIR", tmp_path)
    seen = set()
    for name, content in (("a.js", "1"), ("a.js", "2"), ("b.js", "2")):
        (tmp_path / "static" / name).write_text(content)
        seen.add(ours._version_of_assets())

    assert len(seen) == 3


@pytest.mark.parametrize("name", MODULES)
def test_all_that_a_module_imports_is_there_and_known(client: Client, name: str) -> None:
    found = IMPORT.findall((FOLDER / name).read_text())
    addresses = {urljoin(static(name), each) for each in found}

    assert addresses <= {static(each) for each in imported(name)}
    for address in addresses:
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("name", STYLES)
def test_all_that_a_style_sheet_asks_for_is_there(client: Client, name: str) -> None:
    for each in USED.findall((FOLDER / name).read_text()):
        address = urljoin(static(name), each)
        assert client.get(address).status_code == 200, address


def test_the_console_asks_for_all_of_its_modules_at_once() -> None:
    assert {"js/terminal.js", "vendor/xterm/xterm.js", "js/chart.js", "js/units.js"} <= set(
        imported("js/console/page.js")
    )
