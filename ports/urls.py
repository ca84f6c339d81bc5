from django.urls import path

from ports import api

urlpatterns = [
    path("", api.Ports.as_view()),
    path("/random", api.RandomPort.as_view()),
    path("/bulk-delete", api.BulkDelete.as_view()),
    path("/<str:ip>/<str:port>", api.PortDetail.as_view()),
    path("/<str:ip>/<str:port>/use", api.PortUsage.as_view()),
]
