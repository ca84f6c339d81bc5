"""All of one's own backups, and each that one may see, by its id."""

from django.urls import path

from volumes.api import backups

urlpatterns = [
    path("", backups.Backups.as_view()),
    path("/<str:backup_id>", backups.BackupDetail.as_view()),
    path("/<str:backup_id>/download", backups.BackupDownload.as_view()),
    path("/<str:backup_id>/restore", backups.BackupRestore.as_view()),
]
