"""The key by which clients know this server again: made once, kept in the storage root."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from containers.sftp import keys
from rules.once import put, put_once

# Ed25519 alone: every client since 2014 has it.
KIND = "ssh-ed25519"


def private_path() -> Path:
    return Path(settings.STORAGE_ROOT) / "sftp_host_key"


def public_path() -> Path:
    return private_path().with_suffix(".pub")


def prepare() -> Path:
    """Where the key lies, which is made if there is none: of two servers that start at once, both have the same."""
    import asyncssh  # only where SFTP is served: it takes 10 MB

    path = private_path()
    if not path.exists():
        put_once(path, asyncssh.generate_private_key(KIND).export_private_key())
    put(public_path(), asyncssh.read_private_key(path).export_public_key())
    return path


def fingerprint() -> str | None:
    """As clients show it when they meet us for the first time; None before the server's first start."""
    try:
        return keys.parse(public_path().read_text()).fingerprint
    except FileNotFoundError:
        return None
