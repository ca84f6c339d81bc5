from django.urls import path

from containers.api import console, containers, health, power, sftp, sharing, statistics

urlpatterns = [
    path("containers", containers.Containers.as_view()),
    path("containers/<str:internal_id>", containers.ContainerDetail.as_view()),
    path("containers/<str:internal_id>/resources", containers.ContainerResources.as_view()),
    path("containers/<str:internal_id>/events", containers.ContainerEvents.as_view()),
    path("containers/<str:internal_id>/start", power.Start.as_view()),
    path("containers/<str:internal_id>/stop", power.Stop.as_view()),
    path("containers/<str:internal_id>/kill", power.Kill.as_view()),
    path("containers/<str:internal_id>/restart", power.Restart.as_view()),
    path("containers/<str:internal_id>/reinstall", power.Reinstall.as_view()),
    path("containers/<str:internal_id>/rebind-network", power.RebindNetwork.as_view()),
    path("containers/<str:internal_id>/logs", console.ContainerLogs.as_view()),
    path("containers/<str:internal_id>/install-log", console.ContainerInstallLog.as_view()),
    path("containers/<str:internal_id>/console-token", sharing.ConsoleToken.as_view()),
    path("containers/<str:internal_id>/grants", sharing.Grants.as_view()),
    path("containers/<str:internal_id>/grants/<str:username>", sharing.GrantDetail.as_view()),
    path("containers/<str:internal_id>/sftp/info", sftp.SftpInfo.as_view()),
    path("containers/<str:internal_id>/sftp/credentials", sftp.SftpCredentials.as_view()),
    path("containers/<str:internal_id>/sftp/keys", sftp.SftpKeys.as_view()),
    path("containers/<str:internal_id>/sftp/keys/<str:key_id>", sftp.SftpKeyDetail.as_view()),
    path("containers/<str:internal_id>/stats", statistics.ContainerStats.as_view(), name="container-stats"),
    path("host/stats", statistics.HostStats.as_view(), name="host-stats"),
    path("health/live", health.Live.as_view()),
    path("health/ready", health.Ready.as_view()),
]
