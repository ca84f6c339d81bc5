from django.urls import path

from accounts import api

urlpatterns = [
    path("tokens", api.Tokens.as_view()),
    path("tokens/<str:token_id>", api.TokenDetail.as_view()),
]
