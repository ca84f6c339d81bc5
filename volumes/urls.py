from django.urls import path

from volumes.api import archives, backups, files, schedules, transfers, volumes

urlpatterns = [
    path("", volumes.Volumes.as_view()),
    path("/<str:volume_id>", volumes.VolumeDetail.as_view()),
    path("/<str:volume_id>/quota", volumes.Quota.as_view()),
    path("/<str:volume_id>/resize", volumes.Resize.as_view()),
    path("/<str:volume_id>/files", files.Files.as_view()),
    path("/<str:volume_id>/files/content", files.FileContent.as_view()),
    path("/<str:volume_id>/files/search", files.FileSearch.as_view()),
    path("/<str:volume_id>/files/download", transfers.Download.as_view()),
    path("/<str:volume_id>/upload", transfers.Upload.as_view()),
    path("/<str:volume_id>/folders", files.Folders.as_view()),
    path("/<str:volume_id>/copy", files.Copy.as_view()),
    path("/<str:volume_id>/move", files.Move.as_view()),
    path("/<str:volume_id>/delete", files.Delete.as_view()),
    path("/<str:volume_id>/chmod", files.ChangeMode.as_view()),
    path("/<str:volume_id>/compress", archives.Compress.as_view()),
    path("/<str:volume_id>/decompress", archives.Decompress.as_view()),
    path("/<str:volume_id>/operations", archives.Operations.as_view()),
    path("/<str:volume_id>/operations/<str:operation_id>", archives.OperationDetail.as_view()),
    path("/<str:volume_id>/backups", backups.VolumeBackups.as_view()),
    path("/<str:volume_id>/backup-schedules", schedules.Schedules.as_view()),
    path("/<str:volume_id>/backup-schedules/<str:schedule_id>", schedules.ScheduleDetail.as_view()),
]
