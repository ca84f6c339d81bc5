"""Backups in a bucket of any store that speaks S3.

A file is uploaded in parts as it is made, one part in memory at a time. Only when the upload is completed is it there;
until then it can be found by its name and given up, whoever began it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Self

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from django.conf import settings

from rules.errors import NotFound, Unavailable
from volumes.backups.stores.room import room
from volumes.tree import PIECE

# S3 takes 10,000 parts of a file, none but the last below 5 MiB. Parts double in size after each thousand, so that the
# parts of most files take little memory, and the largest file that S3 takes (5 TiB) has enough of them.
_PART = 16 << 20  # bytes
_PARTS_OF_A_SIZE = 1000

_CONNECT_TIMEOUT, _READ_TIMEOUT = 10, 60  # seconds
_TRIES = 4
_MISSING = ("NoSuchKey", "404", "NotFound")
# Answers to who gives up an upload that is not there any more.
_GONE = ("NoSuchUpload", "404", "NotFound")


class S3File:
    def __init__(self, store: S3Store, key: str) -> None:
        self._store = store
        self._key = key
        self._upload = store.call("create_multipart_upload", Key=key)["UploadId"]
        self._gathered = bytearray()
        self._parts: list[dict[str, Any]] = []
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            # Unreachable now, it is given up by whoever clears away later.
            with suppress(Unavailable):
                self._store.give_up(self._key, self._upload)

    def write(self, data: bytes) -> None:
        self._gathered += data
        if len(self._gathered) >= _part_size(len(self._parts)):
            self._send()

    def finish(self) -> None:
        if self._gathered or not self._parts:
            self._send()
        self._store.call(
            "complete_multipart_upload",
            Key=self._key,
            UploadId=self._upload,
            MultipartUpload={"Parts": self._parts},
        )
        self._finished = True

    def _send(self) -> None:
        number = len(self._parts) + 1
        answer = self._store.call(
            "upload_part", Key=self._key, UploadId=self._upload, PartNumber=number, Body=self._gathered
        )
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})
        self._gathered = bytearray()


class S3Store:
    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    @classmethod
    def configured(cls) -> Self:
        """The one of the settings."""
        client = _client(
            settings.S3_ENDPOINT or None, settings.S3_REGION, settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY
        )
        return cls(client, settings.S3_BUCKET, settings.S3_PREFIX)

    def new_file(self, name: str) -> S3File:
        return S3File(self, self._prefix + name)

    def read(self, name: str, start: int = 0, end: int | None = None) -> Generator[bytes, None, None]:
        last = "" if end is None else end - 1
        asked = {"Range": f"bytes={start}-{last}"} if start or end is not None else {}
        body = self.call("get_object", Key=self._prefix + name, **asked)["Body"]
        try:
            while piece := self._reached(lambda: body.read(PIECE)):
                yield piece
        finally:
            body.close()

    def fetch(self, name: str, note: Callable[[int], None]) -> int:
        settings.BACKUP_ROOT.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It has no name, so nothing is left of it when its last descriptor is closed, or its worker killed.
        with room(), tempfile.TemporaryFile(dir=settings.BACKUP_ROOT) as file:
            for piece in self.read(name):
                note(len(piece))
                file.write(piece)
            file.seek(0)
            return os.dup(file.fileno())

    def clear(self, beginning: str) -> None:
        where = self._prefix + beginning
        for upload in self._listed("list_multipart_uploads", "Uploads", where):
            self.give_up(upload["Key"], upload["UploadId"])
        for found in self._listed("list_objects_v2", "Contents", where):
            self.call("delete_object", Key=found["Key"])

    def free(self) -> None:
        return None

    def give_up(self, key: str, upload: str) -> None:
        with suppress(NotFound):
            self.call("abort_multipart_upload", Key=key, UploadId=upload)

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Ask the store; what keeps it from answering is told to the caller."""
        return self._reached(lambda: getattr(self._client, name)(Bucket=self._bucket, **arguments))  # type: ignore[no-any-return]

    def _listed(self, name: str, what: str, where: str) -> Iterator[dict[str, Any]]:
        """One backup has few files: the first page, which has a thousand, is all."""
        yield from self.call(name, Prefix=where).get(what, [])

    def _reached(self, ask: Callable[[], Any]) -> Any:
        with reaching():
            return ask()


@contextmanager
def reaching() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _MISSING or code in _GONE:
            raise NotFound("The backup is not in its store any more") from None
        raise Unavailable(f"The store of backups refuses: {code or error}") from None
    except BotoCoreError as error:
        raise Unavailable(f"The store of backups cannot be reached: {error}") from None


def _part_size(sent: int) -> int:
    return _PART << (sent // _PARTS_OF_A_SIZE)


@cache
def _client(endpoint: str | None, region: str, access_key: str, secret_key: str) -> Any:
    """One for each process: making it reads descriptions of S3 for half a second."""
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        # By the path, as every store understands it; Amazon's own is asked by the name that it wants.
        s3={"addressing_style": "path" if endpoint else "auto"},
        # The newer checksums are known to few stores but Amazon's.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return Session().create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=config,
    )
