"""The page of the images on the host."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from containers import health, host_images
from containers.engine import client as engine
from containers.engine.answers import OnHost
from containers.models import Image, ImageJob
from tests.answers import text
from tests.people import container_of

URL = "/dashboard/images/"
IDS = [f"sha256:{letter * 64}" for letter in "ab"]


@pytest.fixture(autouse=True)
def _images(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    host_images.keep(
        [
            OnHost(IDS[0], ["debian:latest"], [], 120_000_000, made),
            OnHost(IDS[1], ["node:22"], [], 400_000_000, made),
            OnHost("sha256:c", ["lightd/1:2"], [], 1_000_000, made),
        ]
    )
    monkeypatch.setattr(engine, "ping", lambda: None)


@pytest.fixture
def client(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def test_it_says_what_is_there_and_who_uses_it(client: Client, alice: User) -> None:
    container_of(alice, "web-1")  # of debian

    page = text(client.get(URL))

    assert '<a href="/dashboard/container/web-1/">web-1</a>' in page
    assert "2 images, 496 MiB" in page
    assert "lightd/1" not in page
    assert "1 more, 977 KiB" in page
    assert "Remove node:22" in page
    assert "Remove debian:latest" not in page


def test_an_engine_that_could_not_be_asked_has_not_said_that_there_are_none(client: Client) -> None:
    Image.objects.all().delete()
    assert "No images yet" in text(client.get(URL))

    health.beat("supervisor", {"engine": "away", "engine_away_since": 1_800_000_000})

    page = text(client.get(URL))
    assert "No images yet" not in page
    assert "The images are not known" in page


@pytest.mark.parametrize("path", ["", "table", "jobs"])
def test_it_is_for_administrators(alice: User, path: str) -> None:
    someone = Client()
    someone.force_login(alice)

    assert someone.get(URL + path).status_code == 403
    assert "/dashboard/images/" not in text(someone.get("/"))


@pytest.mark.parametrize("path", ["pull", f"remove/{IDS[1]}", "cancel/7b7e1c52-6c0e-4f0e-9e55-0a2f4c9a1f10"])
def test_so_is_what_it_can_do(alice: User, path: str) -> None:
    someone = Client()
    someone.force_login(alice)

    assert someone.post(URL + path, {"image": "debian"}).status_code == 403
    assert not ImageJob.objects.exists()


def test_a_pull_is_shown_as_it_goes(client: Client) -> None:
    assert client.post(f"{URL}pull", {"image": " debian:12 "})["Location"] == URL
    assert "waiting" in text(client.get(URL))

    job = ImageJob.objects.get(image="debian:12")
    ImageJob.objects.filter(pk=job.pk).update(status="running", percent=42, total=12_000_000)
    page = text(client.get(f"{URL}jobs"))

    assert 'value="42"' in page
    assert "42 % of 11.4 MiB" in page
    assert 'hx-trigger="every 1s"' in page


def test_a_failed_pull_says_why_and_can_be_tried_again(client: Client) -> None:
    ImageJob.objects.create(
        kind="pull", image="x:1", shown="x:1", status="failed", error="no such image", finished_at=timezone.now()
    )

    page = text(client.get(URL))

    assert "no such image" in page
    assert "Pull x:1 again" in page
    assert 'hx-trigger="every 10s"' in page


@pytest.mark.parametrize(
    ("image", "sentence"),
    [("", "This field is required."), ("De bian", "Not an image reference."), ("lightd/x", "Not an allowed image.")],
)
def test_what_is_wrong_is_said_beside_the_field(client: Client, image: str, sentence: str) -> None:
    answer: Any = client.post(f"{URL}pull", {"image": image})

    assert answer.status_code in (400, 403)
    assert sentence in answer.context["form"].errors["image"]
    assert not ImageJob.objects.exists()


def test_a_removal_says_that_it_began(client: Client) -> None:
    answer = client.post(f"{URL}remove/{IDS[1]}")

    assert answer["HX-Trigger"] == '{"toast": "Removing node:22"}'
    assert ImageJob.objects.get().image == IDS[1]


def test_one_in_use_is_refused_in_a_sentence(client: Client, alice: User) -> None:
    container_of(alice, "web-1")

    answer = client.post(f"{URL}remove/{IDS[0]}")

    assert answer.status_code == 409
    assert answer.json() == {"error": "debian:latest is used by web-1"}


def test_a_job_can_be_cancelled(client: Client) -> None:
    client.post(f"{URL}pull", {"image": "debian:12"})

    assert "cancelled" in text(client.post(f"{URL}cancel/{ImageJob.objects.get().pk}"))


def test_an_open_page_hears_when_the_table_is_another(client: Client) -> None:
    version = host_images.version()
    assert "HX-Trigger-After-Swap" not in client.get(f"{URL}jobs?version={version}")

    Image.objects.filter(pk=IDS[1]).delete()

    assert client.get(f"{URL}jobs?version={version}")["HX-Trigger-After-Swap"] == "lightd:images"
    assert "node:22" not in text(client.get(f"{URL}table"))


@pytest.mark.parametrize("number", [1, 30])
def test_it_costs_the_same_however_many_there_are(
    client: Client, alice: User, number: int, django_assert_num_queries: Any
) -> None:
    for index in range(number):
        container_of(alice, f"web-{index}")

    with django_assert_num_queries(7):  # session, user; images, containers; jobs, version; engine
        client.get(URL)
