"""Fixtures: who is there, and a client that speaks for them."""

import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.actor import Actor
from accounts.models import User
from containers.models import Container
from volumes.models import Volume


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin")


def client_of(user: User, **token: Any) -> APIClient:
    """A client with a new token of this user's."""
    _, secret = tokens.issue(user, **token)
    return client_with(secret)


def client_with(secret: str) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def browser_of(user: User) -> Client:
    """A browser in which the user is signed in."""
    browser = Client(headers={"Accept": "text/html"})
    browser.force_login(user)
    return browser


def actor(user: User, **token: Any) -> Actor:
    """The user, through a new token if anything is said about one."""
    return Actor(user, tokens.issue(user, **token)[0] if token else None)


def container_of(owner: User, internal_id: str = "web-1", volume_id: str = "") -> Container:
    """A container's row, with nothing behind it, on a volume of its own."""
    volume = Volume.objects.create(id=volume_id or uuid.uuid4(), owner=owner)
    return Container.objects.create(
        internal_id=internal_id, owner=owner, volume=volume, image="debian", startup_command="true"
    )
