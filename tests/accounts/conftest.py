import pytest

from accounts.models import User

PASSWORD = "correct horse battery"


@pytest.fixture
def carol(db: None, quick_passwords: None) -> User:
    return User.objects.create_user("carol", password=PASSWORD, last_name="Featherstone")
