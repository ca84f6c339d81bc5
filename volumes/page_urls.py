from django.urls import path

from volumes.pages import backups, files, quota, volumes

app_name = "volumes"

urlpatterns = [
    path("", volumes.show_list, name="list"),
    path("create", volumes.create, name="create"),
    path("backups", backups.show_own, name="own-backups"),
    path("backups/list", backups.show_list, name="own-backups-list"),
    path("backups/<str:backup_id>/<str:what>", backups.act, name="own-backup"),
    path("<str:volume_id>/delete", volumes.delete, name="delete"),
    path("<str:volume_id>/quota", quota.show_usage, name="quota"),
    path("<str:volume_id>/resize", quota.resize, name="resize"),
    path("<str:volume_id>/files", files.show, name="files"),
    path("<str:volume_id>/backups", backups.show_all, name="backups"),
    path("<str:volume_id>/backups/list", backups.show_list, name="backups-list"),
    path("<str:volume_id>/backups/make", backups.make, name="backups-make"),
    path("<str:volume_id>/backups/cancel/<str:operation_id>", backups.cancel, name="backups-cancel"),
    path("<str:volume_id>/backups/schedules", backups.add_schedule, name="add-schedule"),
    path("<str:volume_id>/backups/schedules/foresee", backups.foresee, name="foresee-schedule"),
    path("<str:volume_id>/backups/schedules/<str:schedule_id>/<str:what>", backups.change_schedule, name="schedule"),
    path("<str:volume_id>/backups/<str:backup_id>/<str:what>", backups.act, name="backup"),
]
