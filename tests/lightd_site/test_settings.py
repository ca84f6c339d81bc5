"""Settings that could not work are refused when the site starts."""

import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from lightd_site import settings


def started_with(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, object]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(settings.__file__)


@pytest.mark.parametrize("number", ["1", "0", "-1"])
def test_one_worker_would_be_kept_from_installs_by_an_archive(monkeypatch: pytest.MonkeyPatch, number: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="LIGHTD_INSTALL_WORKERS is at least 2"):
        started_with(monkeypatch, LIGHTD_INSTALL_WORKERS=number)


def test_two_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert started_with(monkeypatch, LIGHTD_INSTALL_WORKERS="2")["INSTALL_WORKERS"] == 2
