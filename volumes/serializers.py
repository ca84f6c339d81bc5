"""What the volume routes take and show."""

import re
from typing import Any

from rest_framework import serializers

from rules.moments import unix
from rules.paging import LONGEST_PAGE
from rules.serializers import StrictBooleanField, StrictCharField, StrictIntegerField, StrictSerializer
from rules.units import MIB
from volumes.archives import Format
from volumes.files import octal
from volumes.models import Operation, Volume
from volumes.storage import directory
from volumes.tree import Entry, Kind, Order, Place
from volumes.tree.names import path_of, shown
from volumes.usage import Usage

# A petabyte: more is a slip of the finger.
LARGEST_MB = 1024**3

LONGEST_PATH = 4096  # characters
MOST_PATHS = 1000
_KEY = r"^[a-zA-Z0-9._-]{1,64}\Z"
_MODE = re.compile(r"0?[0-7]{3}", re.ASCII)


class VolumeRequest(StrictSerializer):
    """A volume that is asked for."""

    size = StrictIntegerField(
        required=False, min_value=1, max_value=LARGEST_MB, help_text="MB; without it, LIGHTD_VOLUME_MB."
    )


class ResizeRequest(StrictSerializer):
    """How large a volume is to be."""

    size = StrictIntegerField(min_value=1, max_value=LARGEST_MB, help_text="MB; not less than what is in it.")


class QuotaSerializer(serializers.Serializer[Any]):
    """How full a volume is. Megabytes are of 1,048,576 bytes."""

    size_mb = serializers.IntegerField(allow_null=True, help_text="null: no limit.")
    used_mb = serializers.FloatField()
    available_mb = serializers.FloatField(allow_null=True)
    percentage_used = serializers.FloatField(allow_null=True)
    held = serializers.BooleanField(
        help_text="Whether the kernel holds the size; else it is measured, and kept by our own doors alone."
    )


class VolumeSerializer(serializers.Serializer[Any]):
    """A volume; `id` equals `volume_id`."""

    volume_id = serializers.UUIDField()
    id = serializers.UUIDField()
    path = serializers.CharField(help_text="On the host.")
    quota_mb = serializers.IntegerField(allow_null=True)
    held = serializers.BooleanField(help_text="Whether the kernel holds that size.")
    owner = serializers.CharField()
    created_at = serializers.IntegerField()
    updated_at = serializers.IntegerField()


class VolumeList(serializers.Serializer[Any]):
    volumes = VolumeSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


def volume(row: Volume) -> dict[str, Any]:
    """A volume as it is shown."""
    return {
        "volume_id": str(row.pk),
        "id": str(row.pk),
        "path": str(directory(row)),
        "quota_mb": row.quota_mb,
        "held": row.is_image,
        "owner": row.owner.username,
        "created_at": unix(row.created_at),
        "updated_at": unix(row.updated_at),
    }


def quota(row: Volume, found: Usage) -> dict[str, Any]:
    """How full it is, as it is shown."""
    size, available = found.size, found.available
    return {
        "size_mb": row.quota_mb,
        "used_mb": round(found.used / MIB, 2),
        "available_mb": None if available is None else round(available / MIB, 2),
        "percentage_used": None if size is None else round(min(found.used / size, 1) * 100, 2),
        "held": row.is_image,
    }


# --- Files: what is asked -----------------------------------------------------


def path_field(**options: Any) -> StrictCharField:
    """A path from the volume's root. A space at its end belongs to it."""
    return StrictCharField(max_length=LONGEST_PATH, trim_whitespace=False, **options)


class FolderQuery(serializers.Serializer[Any]):
    path = path_field(default="", allow_blank=True)
    sort = serializers.ChoiceField(choices=[order.value for order in Order], default=Order.NAME.value)


class PathQuery(serializers.Serializer[Any]):
    path = path_field()


class DownloadQuery(serializers.Serializer[Any]):
    path = path_field(default="", allow_blank=True)
    format = serializers.ChoiceField(choices=[kind.value for kind in Format], default=None)


class SearchQuery(serializers.Serializer[Any]):
    path = path_field(default="", allow_blank=True)
    query = path_field()
    limit = serializers.IntegerField(min_value=1, max_value=LONGEST_PAGE, default=100)


class UploadQuery(serializers.Serializer[Any]):
    path = path_field(default="", allow_blank=True)
    offset = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=None)
    overwrite = serializers.BooleanField(default=False)
    resume = serializers.RegexField(_KEY, default="")


class KeptQuery(serializers.Serializer[Any]):
    path = path_field()
    resume = serializers.RegexField(_KEY)


class WriteRequest(StrictSerializer):
    """A text file to be."""

    path = path_field()
    content = StrictCharField(allow_blank=True, trim_whitespace=False, help_text="All of it, at most 1 MiB of UTF-8.")
    expected_version = StrictCharField(
        required=False, max_length=100, help_text="The version that was read: if it is another one by now, 409."
    )


class FolderRequest(StrictSerializer):
    path = path_field()


class PlacesRequest(StrictSerializer):
    """From where to where; nothing may be there yet."""

    source = path_field()  # type: ignore[assignment]  # DRF's attribute of this name is another's
    destination = path_field()


class DeleteRequest(StrictSerializer):
    paths = serializers.ListField(child=path_field(), min_length=1, max_length=MOST_PATHS)


class ModeField(StrictCharField):
    """Permission bits in octal digits, as `chmod` takes them."""

    default_error_messages = {"mode": "Three octal digits are needed, such as 644 or 0755."}

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        text = super().to_internal_value(data)
        if not _MODE.fullmatch(text):
            self.fail("mode")
        return int(text, 8)


class ModeRequest(StrictSerializer):
    path = path_field()
    mode = ModeField(help_text="Three octal digits, such as 644 or 0755.")


class CompressRequest(StrictSerializer):
    """An archive to be."""

    format = serializers.ChoiceField(choices=[kind.value for kind in Format])
    output_name = path_field(help_text="Its path in the volume; the format's end is added unless it has it.")
    paths = serializers.ListField(
        child=path_field(),
        required=False,
        max_length=MOST_PATHS,
        help_text="What is in it; without: all of the volume.",
    )
    background = StrictBooleanField(default=False, help_text="Whether to answer at once, and not when it is done.")


class DecompressRequest(StrictSerializer):
    """An archive of any of the formats, which is known by what is in it."""

    archive_path = path_field()
    destination = path_field(allow_blank=True, help_text="A folder, made if it is not there; empty: the volume's root.")
    overwrite = StrictBooleanField(default=False, help_text="Whether files that are there already are replaced.")
    background = StrictBooleanField(default=False, help_text="Whether to answer at once, and not when it is done.")


# --- Files: what is shown -----------------------------------------------------


class FileSerializer(serializers.Serializer[Any]):
    """One entry of a folder."""

    name = serializers.CharField()
    type = serializers.ChoiceField(
        choices=[kind.value for kind in Kind], help_text="`other`: a pipe, a socket or a device."
    )
    size = serializers.IntegerField(help_text="Bytes.")
    mode = serializers.CharField(help_text="Octal digits.")
    modified_at = serializers.IntegerField()
    mime = serializers.CharField(allow_null=True, help_text="Guessed from the name.")
    target = serializers.CharField(allow_null=True, help_text="Where a link leads, which nobody here follows.")
    version = serializers.CharField(help_text="Another one after each change.")


class FileList(serializers.Serializer[Any]):
    files = FileSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


class FoundFile(FileSerializer):
    path = serializers.CharField()


class FoundFiles(serializers.Serializer[Any]):
    files = FoundFile(many=True)
    complete = serializers.BooleanField(help_text="Whether there are no more.")


class FileText(serializers.Serializer[Any]):
    path = serializers.CharField()
    content = serializers.CharField()
    size = serializers.IntegerField()
    modified_at = serializers.IntegerField()
    version = serializers.CharField()


class FileWritten(serializers.Serializer[Any]):
    message = serializers.CharField()
    path = serializers.CharField()
    version = serializers.CharField()


class UploadedFile(serializers.Serializer[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes that it has now.")


class Uploaded(serializers.Serializer[Any]):
    message = serializers.CharField()
    files = UploadedFile(many=True)


class UploadForm(serializers.Serializer[Any]):
    """Any number of files, under any names of fields."""

    file = serializers.FileField()


class Compressed(serializers.Serializer[Any]):
    message = serializers.CharField()
    archive_path = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    left_out = serializers.ListField(
        child=serializers.CharField(),
        help_text="What no archive may have: pipes, devices, links that lead out of it. The first hundred.",
    )


class Decompressed(serializers.Serializer[Any]):
    message = serializers.CharField()
    destination = serializers.CharField()


class OperationSerializer(serializers.Serializer[Any]):
    """An archive or a backup that is made or unpacked, or a volume that gets another size."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Operation.Kind.choices)
    status = serializers.ChoiceField(choices=Operation.Status.choices)
    archive_path = serializers.CharField(allow_null=True, help_text="Of an archive.")
    backup_id = serializers.UUIDField(allow_null=True, help_text="Of a backup that is made or restored.")
    step = serializers.CharField(allow_null=True, help_text="Of a restore: saving, fetching, checking or unpacking.")
    destination = serializers.CharField(allow_null=True)
    total_bytes = serializers.IntegerField(allow_null=True, help_text="Of the files, or of the archive unpacked.")
    done_bytes = serializers.IntegerField(help_text="Of the same.")
    entries = serializers.IntegerField(help_text="Files, folders and links so far.")
    size = serializers.IntegerField(allow_null=True, help_text="Of what was made.")
    size_mb = serializers.IntegerField(allow_null=True, help_text="That the volume is to have.")
    left_out = serializers.ListField(child=serializers.CharField())
    left_out_count = serializers.IntegerField()
    error = serializers.CharField()
    actor = serializers.CharField()
    created_at = serializers.IntegerField()
    finished_at = serializers.IntegerField(allow_null=True)


class OperationList(serializers.Serializer[Any]):
    operations = OperationSerializer(many=True)
    count = serializers.IntegerField(required=False, help_text="Of all; only with a limit.")


class OperationBegun(serializers.Serializer[Any]):
    message = serializers.CharField()
    operation = OperationSerializer()


def operation(row: Operation) -> dict[str, Any]:
    """An operation as it is shown."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "status": row.status,
        "archive_path": row.args.get("archive_path"),
        "backup_id": row.args.get("backup"),
        "step": row.result.get("step"),
        "destination": row.args.get("destination"),
        "total_bytes": row.total_bytes,
        "done_bytes": row.done_bytes,
        "entries": row.entries,
        "size": row.result.get("size"),
        "size_mb": row.args.get("size"),
        "left_out": row.result.get("left_out", []),
        "left_out_count": row.result.get("left_out_count", 0),
        "error": row.error,
        "actor": row.actor,
        "created_at": unix(row.created_at),
        "finished_at": unix(row.finished_at),
    }


def file(entry: Entry) -> dict[str, Any]:
    """An entry as it is shown."""
    return {
        "name": shown(entry.name),
        "type": entry.kind.value,
        "size": entry.size,
        "mode": octal(entry.mode),
        "modified_at": entry.modified_at,
        "mime": entry.mime,
        "target": None if entry.target is None else shown(entry.target),
        "version": entry.version,
    }


def found_file(place: Place, entry: Entry) -> dict[str, Any]:
    return {"path": path_of(place), **file(entry)}
