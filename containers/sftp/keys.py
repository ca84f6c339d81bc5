"""Public keys as OpenSSH writes them, one a line.

Read by hand: a library for it would lie in every web process. Nothing is believed of a key but its bytes: what opens
anything is the signature that asyncssh checks with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from rules.errors import Invalid

KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
LONGEST = 16_384  # characters, of a line; an RSA key of 16,384 bits has 2,800
SHORTEST_RSA = 2048  # bits


@dataclass(frozen=True)
class PublicKey:
    kind: str
    fingerprint: str
    comment: str


def parse(line: str) -> PublicKey:
    """A line of `id_ed25519.pub` or its like."""
    kind, _, rest = line.strip().partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    if kind not in KINDS:
        raise Invalid.named("public_key", f"A public key begins with one of {', '.join(KINDS)}")
    try:
        blob = base64.b64decode(encoded, validate=True)
        fields = list(_fields(blob))
    except (binascii.Error, ValueError):
        raise Invalid.named("public_key", "This is not a whole public key") from None
    if len(fields) < 2 or fields[0] != kind.encode():
        raise Invalid.named("public_key", "This is not a whole public key")
    if kind == "ssh-rsa" and _bits(fields[-1]) < SHORTEST_RSA:
        raise Invalid.named("public_key", f"An RSA key needs at least {SHORTEST_RSA} bits")
    return PublicKey(kind, fingerprint_of(blob), comment.strip())


def fingerprint_of(blob: bytes) -> str:
    """As `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def _fields(blob: bytes) -> list[bytes]:
    """Strings, each behind its length (RFC 4251)."""
    fields = []
    while blob:
        length = int.from_bytes(blob[:4])
        if len(blob) < 4 + length:
            raise ValueError("cut off")
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields


def _bits(number: bytes) -> int:
    return int.from_bytes(number).bit_length()
