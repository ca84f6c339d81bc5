"""Why a pull failed, in words for people where Docker has Go's."""

import pytest

from containers.engine.answers import why_not_pulled

REGISTRY = "https://registry-1.docker.io/v2/"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            f'Get "{REGISTRY}": dial tcp: lookup registry-1.docker.io on 10.0.0.2:53: no such host',
            "the registry registry-1.docker.io cannot be reached (no such host)",
        ),
        (
            'failed to do request: Head "http://127.0.0.1:5000/v2/a/manifests/1": dial tcp 127.0.0.1:5000: connect: '
            "connection refused",
            "the registry 127.0.0.1:5000 cannot be reached (connection refused)",
        ),
        (
            f'Get "{REGISTRY}": context deadline exceeded',
            "the registry registry-1.docker.io cannot be reached (context deadline exceeded)",
        ),
        (f'Get "{REGISTRY}": unauthorized: authentication required', ""),
        ("manifest for debian:nothing not found: manifest unknown", ""),
    ],
)
def test_a_registry_out_of_reach_is_named_and_all_else_is_as_docker_said_it(said: str, shown: str) -> None:
    assert why_not_pulled(said) == (shown or said)
