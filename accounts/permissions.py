"""What can be allowed, and what a role and a token's scopes allow of it."""

from django.db.models import TextChoices

from accounts.actor import Actor
from rules.errors import Forbidden


class Permission(TextChoices):
    """Everything that can be allowed; a token's scopes are these names too."""

    VIEW = "view"
    CONSOLE_READ = "console.read"
    CONSOLE_WRITE = "console.write"
    POWER = "power"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"
    NETWORK = "network"
    SETTINGS = "settings"
    REINSTALL = "reinstall"
    DELETE = "delete"
    SHARE = "share"
    CREATE = "create"
    PORTS = "ports"
    VOLUMES = "volumes"
    ADMIN = "admin"


ADMINISTRATORS_ONLY = frozenset({Permission.PORTS, Permission.ADMIN})
# Not about one container, so never given by a token that is limited to some.
SITE_WIDE = frozenset({Permission.CREATE, Permission.PORTS, Permission.VOLUMES, Permission.ADMIN})
# Those that a grant may give. Whoever has one of them sees the container: each includes `view`.
OF_A_CONTAINER = frozenset(Permission) - SITE_WIDE

# What each means, in the words of pages.
MEANINGS = {
    Permission.VIEW: "See it, with its figures and settings",
    Permission.CONSOLE_READ: "Read its console",
    Permission.FILES_READ: "Read its files",
    Permission.CONSOLE_WRITE: "Type into its console",
    Permission.POWER: "Start, stop, restart and kill it",
    Permission.FILES_WRITE: "Change its files",
    Permission.SETTINGS: "Change its commands and limits",
    Permission.NETWORK: "Move it to other ports",
    Permission.REINSTALL: "Reinstall it",
    Permission.DELETE: "Delete it",
    Permission.SHARE: "Share it with others",
    Permission.CREATE: "Create containers",
    Permission.VOLUMES: "Make, see and delete volumes",
    Permission.PORTS: "Change the pool of ports",
    Permission.ADMIN: "Do all that an administrator may",
}
# As pages group them.
GROUPS = {
    "Look at a container": (Permission.VIEW, Permission.CONSOLE_READ, Permission.FILES_READ),
    "Use a container": (Permission.POWER, Permission.CONSOLE_WRITE, Permission.FILES_WRITE),
    "Change a container": (
        Permission.SETTINGS,
        Permission.NETWORK,
        Permission.REINSTALL,
        Permission.DELETE,
        Permission.SHARE,
    ),
    "The site": (Permission.CREATE, Permission.VOLUMES, Permission.PORTS, Permission.ADMIN),
}


def allows(actor: Actor, permission: Permission) -> bool:
    """Whether role and token allow `permission` at all; whose container it is comes after."""
    return _role_allows(actor, permission) and _token_allows(actor, permission)


def require(actor: Actor, permission: Permission) -> None:
    """Raise Forbidden unless `allows`."""
    if not allows(actor, permission):
        raise Forbidden(f"The permission {permission.value} is needed for this")


def _role_allows(actor: Actor, permission: Permission) -> bool:
    return actor.user.is_superuser or permission not in ADMINISTRATORS_ONLY


def _token_allows(actor: Actor, permission: Permission) -> bool:
    token = actor.token
    if token is None:
        return True
    if token.containers and permission in SITE_WIDE:
        return False
    if not token.scopes or permission.value in token.scopes or Permission.ADMIN.value in token.scopes:
        return True
    return permission == Permission.VIEW and bool(OF_A_CONTAINER & set(token.scopes))
