"""How a line of the log looks: logfmt, one line an event.

Logfmt rather than JSON: a person reads it as it stands, and collectors (Loki, Vector, Fluent Bit) take it apart without
being taught. Values that are not one plain word are quoted as JSON strings, so a traceback is one line too.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from rules import request_id, subject

# A token shows its first characters, which its owner's list shows as well.
_SECRETS = re.compile(
    r"(?P<shown>lightd_[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{16,}|(?P<name>\btoken(?:=|%3[Dd]))[^&\s\"'<>]+",
)
_PLAIN = re.compile(r"[^\s\"=\\]+")


def redact(text: str) -> str:
    """The text without any token: neither one of ours, nor whatever an address carries as `token=`; and without the
    key to the store of backups."""
    key = settings.S3_SECRET_KEY
    without_key = text.replace(key, "…") if key else text
    return _SECRETS.sub(lambda match: f"{match['shown'] or match['name']}…", without_key)


class Redact(logging.Filter):
    """Takes tokens out of a record, its traceback included, before any formatter sees it. Belongs on every handler."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(message_of(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        for name, value in fields_of(record).items():
            if isinstance(value, str):
                fields_of(record)[name] = redact(value)
        return True


class LineFormatter(logging.Formatter):
    """`time=… level=… logger=… request=… container=… msg=…`, then the event's own fields and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request": request_id.current(),
            "container": subject.container(),
            "msg": message_of(record),
            **fields_of(record),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        fields["trace"] = record.exc_text
        return " ".join(f"{name}={quoted(value)}" for name, value in fields.items() if value not in (None, ""))


def message_of(record: logging.LogRecord) -> str:
    """The message with its arguments; a library that got those wrong still gets its line."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra={"fields": {…}}`."""
    fields: dict[str, Any] = getattr(record, "fields", {})
    return fields


def quoted(value: Any) -> str:
    """A value of logfmt: a plain word as it is, anything else as a JSON string."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.isprintable() else json.dumps(text, ensure_ascii=not is_text(text))


def is_text(text: str) -> bool:
    """Whether JSON's own escapes are all that the text needs: no terminal reads anything else as a command."""
    return all(character.isprintable() or character in "\n\r\t" for character in text)
