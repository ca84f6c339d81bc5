from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def storage_root(tmp_path: Path, settings: Settings) -> None:
    """Who is let in may change files: not those of a real installation."""
    settings.STORAGE_ROOT = tmp_path
