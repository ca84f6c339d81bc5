from django.test import Client

from accounts import tokens
from accounts.models import ApiToken, User


def test_the_admin_shows_tokens_without_their_secrets(client: Client, admin: User) -> None:
    token, secret = tokens.issue(admin, name="deploy")
    client.force_login(admin)

    for page in ("", "?q=deploy", f"{token.pk}/change/"):
        text = client.get(f"/admin/accounts/apitoken/{page}").content.decode()
        assert "deploy" in text
        assert secret not in text
        assert token.digest not in text


def test_the_admin_makes_no_tokens_but_revokes_them(client: Client, admin: User) -> None:
    token, _ = tokens.issue(admin)
    client.force_login(admin)

    assert client.get("/admin/accounts/apitoken/add/").status_code == 403
    assert client.post(f"/admin/accounts/apitoken/{token.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()
