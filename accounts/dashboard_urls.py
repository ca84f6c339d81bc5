from django.urls import path

from accounts.pages import audit, tokens, users

app_name = "people"

urlpatterns = [
    path("tokens/", tokens.show_list, name="tokens"),
    path("tokens/new", tokens.create, name="new-token"),
    path("tokens/<uuid:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("users/", users.show_list, name="users"),
    path("users/new", users.create, name="new-user"),
    path("users/<int:user_id>/", users.show_one, name="user"),
    path("users/<int:user_id>/quota", users.set_quota, name="user-quota"),
    path("users/<int:user_id>/delete", users.delete, name="delete-user"),
    path("users/<int:user_id>/<str:what>", users.change, name="change-user"),
    path("audit/", audit.show_list, name="audit"),
    path("audit/export/<str:kind>", audit.export, name="export-audit"),
]
