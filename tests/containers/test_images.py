import pytest
from pytest_django import Settings

from containers.images import full_name, refuse_bad_reference, refuse_unlisted
from rules.errors import Forbidden, Invalid

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "image",
    [
        "debian",
        "debian:bookworm",
        "library/debian",
        "ghcr.io/pkgdotgg/yolks:java_21",
        "registry.example.com:5000/a/b/c:1.0-rc_1",
        "localhost:5000/x",
        "Registry.Example.COM/x",
        f"debian@{DIGEST}",
        f"registry.example.com/debian:bookworm@{DIGEST}",
        "a__b/c--d.e",
        "x:" + "t" * 128,
    ],
)
def test_what_docker_reads_is_taken(image: str) -> None:
    refuse_bad_reference(image)


@pytest.mark.parametrize(
    "image",
    [
        "",
        " ",
        "debian ",
        "debian\n",
        "Debian",
        "debian:",
        ":bookworm",
        "debian:book worm",
        "debian:-x",
        "a//b",
        "/debian",
        "debian/",
        "../debian",
        "http://registry.example.com/debian",
        "-debian",
        "a___b",
        "a..b",
        "débian",
        "debian@sha256:",
        "debian@sha256:0123",
        f"debian@{DIGEST}0",
        f"debian@{DIGEST.upper()}",
        "debian@md5:" + "0" * 32,
        "x:" + "t" * 129,
        "x" * 256,
        "debian; rm -rf /",
        "debian$(id)",
    ],
)
def test_what_docker_cannot_read_is_refused(image: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid image reference: ") as refused:
        refuse_bad_reference(image)

    assert refused.value.details is not None
    assert "image" in refused.value.details
    assert len(refused.value.sentence) < 300


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("debian", "docker.io/library/debian:latest"),
        ("debian:bookworm", "docker.io/library/debian:bookworm"),
        ("acme/game", "docker.io/acme/game:latest"),
        ("index.docker.io/debian", "docker.io/library/debian:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("localhost:5000/x:1", "localhost:5000/x:1"),
        ("GHCR.io/acme/game", "ghcr.io/acme/game:latest"),
        (f"debian:bookworm@{DIGEST}", f"docker.io/library/debian@{DIGEST}"),
        ("beef", "docker.io/library/beef:latest"),
        ("0123456789abcdef", "docker.io/library/0123456789abcdef:latest"),
    ],
)
def test_a_reference_is_completed_as_docker_does(image: str, name: str) -> None:
    assert full_name(image) == name


ALLOWED = ["docker.io/library", "ghcr.io/acme", "registry.example.com:5000", "docker.io/one/game"]


@pytest.mark.parametrize(
    "image",
    [
        "debian",
        "docker.io/library/debian:1",
        "index.docker.io/library/x",
        "ghcr.io/acme/a/b",
        "registry.example.com:5000/any",
        "one/game:2",
    ],
)
def test_what_is_listed_may_be_used(settings: Settings, image: str) -> None:
    settings.IMAGES_ALLOW = ALLOWED

    refuse_unlisted(image)


@pytest.mark.parametrize(
    "image",
    [
        "acme/debian",
        "ghcr.io/acmeevil/x",
        "ghcr.io.evil/acme/x",
        "ghcr.io:5000/acme/x",
        "ghcr.io/other/acme",
        "registry.example.com/x",
        "registry.example.com:50000/x",
        "one/game2",
        "one/gam",
        "evil.com/docker.io/library/debian",
    ],
)
def test_what_only_looks_like_it_may_not(settings: Settings, image: str) -> None:
    settings.IMAGES_ALLOW = ALLOWED

    with pytest.raises(Forbidden, match="Image may not be used"):
        refuse_unlisted(image)


@pytest.mark.parametrize("image", ["lightd/0000:1", "docker.io/lightd/x", "index.docker.io/lightd/x:y"])
def test_file_systems_of_containers_are_no_images(image: str) -> None:
    with pytest.raises(Forbidden):
        refuse_unlisted(image)
