"""What the descriptions of the routes show."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

ID = [OpenApiParameter("volume_id", OpenApiTypes.UUID, OpenApiParameter.PATH)]

VOLUME = {
    "volume_id": "550e8400-e29b-41d4-a716-446655440000",
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "path": "/srv/lightd/volumes/550e8400-e29b-41d4-a716-446655440000",
    "quota_mb": 2048,
    "held": True,
    "owner": "alice",
    "created_at": 1767225600,
    "updated_at": 1767225600,
}
QUOTA = {"size_mb": 2048, "used_mb": 731.25, "available_mb": 1316.75, "percentage_used": 35.71, "held": True}
FILE = {
    "name": "server.properties",
    "type": "file",
    "size": 1284,
    "mode": "0644",
    "modified_at": 1767225600,
    "mime": None,
    "target": None,
    "version": "30a2e1-504-18868a4d5b2c4e00",
}

OPERATION: dict[str, Any] = {
    "id": "0b9d2f6e-6f0b-4a57-9a53-1f2f3b3c4d5e",
    "kind": "compress",
    "status": "running",
    "archive_path": "backups/world.tar.zst",
    "backup_id": None,
    "step": None,
    "destination": None,
    "total_bytes": 734003200,
    "done_bytes": 251658240,
    "entries": 1204,
    "size": None,
    "size_mb": None,
    "left_out": [],
    "left_out_count": 0,
    "error": "",
    "actor": "alice",
    "created_at": 1767225600,
    "finished_at": None,
}

BACKUP: dict[str, Any] = {
    "id": "7a1c2f0e-3d4b-4c5d-8e6f-9a0b1c2d3e4f",
    "volume_id": "550e8400-e29b-41d4-a716-446655440000",
    "of_volume": "550e8400-e29b-41d4-a716-446655440000",
    "name": "survival-2026-01-01T00-00-00Z",
    "status": "good",
    "store": "local",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 104857600,
    "entries": 1204,
    "left_out_count": 0,
    "locked": False,
    "is_safety_copy": False,
    "schedule_id": None,
    "operation_id": "0b9d2f6e-6f0b-4a57-9a53-1f2f3b3c4d5e",
    "error": "",
    "actor": "alice",
    "created_at": 1767225600,
    "finished_at": 1767225642,
}
SCHEDULE: dict[str, Any] = {
    "id": "c0ffee00-1d2e-4f3a-8b4c-5d6e7f8a9b0c",
    "cron": "30 4 * * *",
    "time_zone": "Europe/Berlin",
    "keep": 7,
    "enabled": True,
    "next_at": 1767324600,
    "actor": "alice",
    "created_at": 1767225600,
}


def path_in_query(description: str, *, required: bool = True) -> OpenApiParameter:
    return OpenApiParameter("path", str, required=required, description=description)
