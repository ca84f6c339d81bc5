"""docs/security.md says which test shows what: those tests are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_test_it_names_is_there() -> None:
    named = re.findall(r"`([a-z0-9_/]+\.py)`", (ROOT / "docs/security.md").read_text())

    assert len(named) > 20
    assert [name for name in named if not any((ROOT / top / name).exists() for top in ("tests", "lightd_site"))] == []
