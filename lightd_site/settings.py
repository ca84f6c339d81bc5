"""Every setting of the site, from environment variables and nowhere else."""

import hashlib
import os
import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import django
import environ
from csp.constants import NONCE
from django.core.exceptions import ImproperlyConfigured

from rules.once import put_once

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent

VERSION = "0.1.0"


# --- Where things are ---------------------------------------------------------

# Everything that Lightd writes: database, secret key, volumes. Nobody else may look in.
STORAGE_ROOT = Path(env.str("LIGHTD_STORAGE_ROOT", default=str(BASE_DIR / "var"))).resolve()
STORAGE_ROOT.mkdir(mode=0o700, parents=True, exist_ok=True)

# Where `serve` listens.
HOST = env.str("LIGHTD_HOST", default="0.0.0.0")  # noqa: S104 - a panel is there to be reached
PORT = env.int("LIGHTD_PORT", default=8070)

# Host names that the site answers to, comma separated.
ALLOWED_HOSTS = env.list("LIGHTD_ALLOWED_HOSTS", default=["*"])

# Origins (scheme://host) from which pages may be posted, when a proxy ends TLS.
CSRF_TRUSTED_ORIGINS = env.list("LIGHTD_TRUSTED_ORIGINS", default=[])

# Set to true behind TLS, so that browsers never send the session cookie without it.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("LIGHTD_SECURE_COOKIES", default=False)


# --- Django -------------------------------------------------------------------


def _stored_secret_key() -> str:
    """The key in the storage root, made on first use: of two processes that start at once, both read the same."""
    path = STORAGE_ROOT / "secret_key"
    if not path.exists():
        put_once(path, secrets.token_urlsafe(64).encode())
    return path.read_text().strip()


# Signs sessions and jobs. Kept in STORAGE_ROOT/secret_key unless given.
SECRET_KEY = env.str("LIGHTD_SECRET_KEY", default="") or _stored_secret_key()

# Never on: Django's debug pages show a traceback, and no error here does.
DEBUG = False

INSTALLED_APPS = [
    "lightd_site",
    "containers",
    "ports",
    "volumes",
    "accounts",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "corsheaders",
    "django_q",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "lightd_site.middleware.request_id",
    "lightd_site.middleware.Requests",
    # The wall's headers are around all that may answer, refusals and errors included.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "lightd_site.wall.headers.headers",
    "corsheaders.middleware.CorsMiddleware",
    "lightd_site.wall.rates.limit_requests",
    "lightd_site.middleware.Errors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.note_session",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "lightd_site.urls"
ASGI_APPLICATION = "lightd_site.asgi.application"
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "lightd_site.rest.errors.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.pages.ways_to_sign_in",
                "lightd_site.navigation.navigation",
                "containers.pages.engine.engine",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"


def _version_of_assets() -> str:
    """A hash of our assets and of Django's version, which brings its admin's."""
    digest = hashlib.sha256(django.__version__.encode())
    for folder in (BASE_DIR / "static", *BASE_DIR.glob("*/static")):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(f"\0{path.relative_to(BASE_DIR)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


# Assets are served by WhiteNoise from where their apps have them: no collectstatic. Their version is a folder in their
# addresses, so what modules and style sheets name by relative paths has it too, and browsers keep all of it for good.
STATIC_URL = f"static/{_version_of_assets()}/"
WHITENOISE_IMMUTABLE_FILE_TEST = "^/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True


# --- Requests -----------------------------------------------------------------

# Bytes that a request's body may have, except for files uploaded into a volume.
MAX_BODY = env.int("LIGHTD_MAX_BODY", default=1024 * 1024)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
# Bytes that one upload into a volume may have. It is written as it comes: neither memory nor a spool holds it.
MAX_UPLOAD = env.int("LIGHTD_MAX_UPLOAD", default=100 * 1024**3)


# --- Volumes ------------------------------------------------------------------

# Where new volumes are: "images", whose size the kernel holds, or "directories", which are only watched. Empty: images
# where they can be had.
VOLUMES = env.str("LIGHTD_VOLUMES", default="")
if VOLUMES not in ("", "images", "directories"):
    raise ImproperlyConfigured("LIGHTD_VOLUMES is images or directories")
# Megabytes that a volume may hold for which nobody named a size.
VOLUME_MB = env.int("LIGHTD_VOLUME_MB", default=1024)

# What may be in an archive that is unpacked: entries, megabytes when unpacked, and those beside its own size.
ARCHIVE_MAX_ENTRIES = env.int("LIGHTD_ARCHIVE_MAX_ENTRIES", default=200_000)
ARCHIVE_MAX_MB = env.int("LIGHTD_ARCHIVE_MAX_MB", default=100 * 1024)
ARCHIVE_MAX_RATIO = env.int("LIGHTD_ARCHIVE_MAX_RATIO", default=100)


# --- Backups ------------------------------------------------------------------

# Where backups are put, unless there is a bucket below.
BACKUP_ROOT = Path(env.str("LIGHTD_BACKUP_ROOT", default=str(STORAGE_ROOT / "backups"))).resolve()
# Backups that a volume may have, those of its schedules included; and megabytes that those of one user's volumes may
# have together, which administrators' are not counted for.
BACKUPS_PER_VOLUME = env.int("LIGHTD_BACKUPS_PER_VOLUME", default=10)
BACKUPS_USER_MB = env.int("LIGHTD_BACKUPS_USER_MB", default=100 * 1024)
# A bucket of any store that speaks S3. Without an endpoint it is one of Amazon's.
S3_BUCKET = env.str("LIGHTD_S3_BUCKET", default="")
S3_ENDPOINT = env.str("LIGHTD_S3_ENDPOINT", default="")
S3_REGION = env.str("LIGHTD_S3_REGION", default="us-east-1")
S3_ACCESS_KEY = env.str("LIGHTD_S3_ACCESS_KEY", default="")
S3_SECRET_KEY = env.str("LIGHTD_S3_SECRET_KEY", default="")
# What every name in it begins with.
S3_PREFIX = env.str("LIGHTD_S3_PREFIX", default="lightd/")


# --- Database -----------------------------------------------------------------

# A URL of PostgreSQL or SQLite; without one, SQLite in the storage root.
_database: dict[str, Any] = {**env.db("DATABASE_URL", default=f"sqlite:///{STORAGE_ROOT / 'db.sqlite3'}")}
# Opening SQLite and running its pragmas costs more than most queries, and PostgreSQL more still: threads keep theirs.
_database["CONN_MAX_AGE"] = None
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # Readers never wait for the writer, nor it for them.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        # The lock to write is taken when a transaction begins. Taken later it can't be waited for.
        "transaction_mode": "IMMEDIATE",
        # Seconds to wait for that lock.
        "timeout": 20,
    }
    # In a file, since threads and processes race in the tests; one apart for each run.
    _database["TEST"] = {"NAME": str(STORAGE_ROOT / f"test-{os.getpid()}.sqlite3")}
else:
    _database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# --- Redis --------------------------------------------------------------------

# One Redis for jobs, sockets and cache, needed once web, workers and supervisor are apart.
REDIS_URL = env.str("REDIS_URL", default="")

# Messages that wait for one slow reader before more are dropped.
_CHANNEL_CAPACITY = 1000

CHANNEL_LAYERS: dict[str, dict[str, Any]]
CACHES: dict[str, dict[str, Any]]
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            # Seconds that a silent connection counts as alive: more than the five that a reader waits for a message.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 10}], "capacity": _CHANNEL_CAPACITY},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # Seconds: nothing in it is worth a longer wait.
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            "CONFIG": {"capacity": _CHANNEL_CAPACITY},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Django's own 300 would throw out the figures of running containers.
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    }


# --- Jobs ---------------------------------------------------------------------

# Jobs at once: power actions, rebinds, updates.
POWER_WORKERS = env.int("LIGHTD_POWER_WORKERS", default=3)
# Jobs at once: creates, reinstalls; archives and backups as well, which take hours and leave one to the others.
INSTALL_WORKERS = env.int("LIGHTD_INSTALL_WORKERS", default=3)
if INSTALL_WORKERS < 2:
    raise ImproperlyConfigured("LIGHTD_INSTALL_WORKERS is at least 2: an archive would keep the only one from installs")
# Seconds between two looks into the queue, where it is in the database.
POWER_POLL = env.float("LIGHTD_POWER_POLL", default=0.1)
INSTALL_POLL = env.float("LIGHTD_INSTALL_POLL", default=0.5)

# Seconds that an install script may take.
INSTALL_TIMEOUT = env.int("LIGHTD_INSTALL_TIMEOUT", default=1800)

# Seconds after which a worker gives up a job; an install has its image to pull as well.
_INSTALL_JOB_TIMEOUT = INSTALL_TIMEOUT + 1800
_POWER_JOB_TIMEOUT = 900


def _queue(workers: int, poll: float, timeout: int) -> dict[str, Any]:
    return {
        "workers": workers,
        "poll": poll,
        "timeout": timeout,
        # The lease runs from when a job is fetched, so it must outlast what is ahead of it...
        "retry": timeout * 3 + 60,
        # ...which is no more than one job a worker.
        "queue_limit": workers,
    }


# Two clusters, so that twenty installs never delay a power action: `lightd_site.cluster` makes either one.
Q_CLUSTER: dict[str, Any] = {
    "name": "power",
    **_queue(POWER_WORKERS, POWER_POLL, _POWER_JOB_TIMEOUT),
    # Jobs count their own attempts: a failed one is over.
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    # What succeeded is in the events already.
    "save_limit": -1,
    # Seconds between two looks of a cluster at its own processes.
    "guard_cycle": 1,
    "label": "Jobs",
    "ALT_CLUSTERS": {"installs": _queue(INSTALL_WORKERS, INSTALL_POLL, _INSTALL_JOB_TIMEOUT)},
    **(
        {"redis": REDIS_URL, "broker_class": "containers.jobs.redis_broker.RedisQueue"}
        if REDIS_URL
        else {"orm": "default", "broker_class": "containers.jobs.broker.DatabaseQueue"}
    ),
}


# --- Containers ---------------------------------------------------------------

# The Docker engine: unix:///… or tcp://…
ENGINE_URL = env.str("LIGHTD_ENGINE_URL", default=env.str("DOCKER_HOST", default="unix:///var/run/docker.sock"))
# Seconds that one call to the engine may take.
ENGINE_TIMEOUT = env.int("LIGHTD_ENGINE_TIMEOUT", default=15)
# Seconds between a graceful stop and SIGKILL, for containers that don't say.
STOP_TIMEOUT = env.int("LIGHTD_STOP_TIMEOUT", default=10)
# Seconds between two readings of what a container uses that nobody watches; a watched one is read every second.
STATS_PACE = env.int("LIGHTD_STATS_PACE", default=15)
# How often a container is started again by itself within so many seconds; after that it stays down.
CRASH_LIMIT = env.int("LIGHTD_CRASH_LIMIT", default=3)
CRASH_WINDOW = env.int("LIGHTD_CRASH_WINDOW", default=600)
# What a container's root may do; the default is what an apt install needs.
CONTAINER_CAPABILITIES = env.list(
    "LIGHTD_CONTAINER_CAPABILITIES",
    default=[
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETUID",
        "SYS_CHROOT",
    ],
)
# The user (uid or uid:gid) that startup commands run as; empty: root. Install scripts are always root's.
CONTAINER_USER = env.str("LIGHTD_CONTAINER_USER", default="")
if not re.fullmatch(r"(\d{1,9}(:\d{1,9})?)?", CONTAINER_USER, re.ASCII):  # it becomes part of a script
    raise ImproperlyConfigured("LIGHTD_CONTAINER_USER is a uid or uid:gid, in digits: 1000:1000")
# Processes and threads in one container.
CONTAINER_PIDS_LIMIT = env.int("LIGHTD_CONTAINER_PIDS_LIMIT", default=512)
# Docker's log of one container: size of a file, and files kept.
CONTAINER_LOG_MAX_SIZE = env.str("LIGHTD_CONTAINER_LOG_MAX_SIZE", default="5m")
CONTAINER_LOG_MAX_FILES = env.int("LIGHTD_CONTAINER_LOG_MAX_FILES", default=3)
# Our own history of a container's console, which outlives Docker's: megabytes, and days since it was printed.
CONSOLE_KEEP_MB = env.int("LIGHTD_CONSOLE_KEEP_MB", default=8)
CONSOLE_KEEP_DAYS = env.int("LIGHTD_CONSOLE_KEEP_DAYS", default=30)
# Whether setuid programs inside are kept from gaining rights.
CONTAINER_NO_NEW_PRIVILEGES = env.bool("LIGHTD_CONTAINER_NO_NEW_PRIVILEGES", default=True)
# Whether an init process reaps what a server leaves behind.
CONTAINER_INIT = env.bool("LIGHTD_CONTAINER_INIT", default=True)


# --- SFTP ---------------------------------------------------------------------

# Where it listens; port 0: not at all.
SFTP_HOST = env.str("LIGHTD_SFTP_HOST", default="0.0.0.0")  # noqa: S104 - as the site itself
SFTP_PORT = env.int("LIGHTD_SFTP_PORT", default=2022)
# The host that people are told; empty: the one that they call the site by.
SFTP_PUBLIC_HOST = env.str("LIGHTD_SFTP_PUBLIC_HOST", default="")
# Connections at once: of one user, and from one address. A client such as FileZilla opens ten.
SFTP_USER_CONNECTIONS = env.int("LIGHTD_SFTP_USER_CONNECTIONS", default=20)
SFTP_ADDRESS_CONNECTIONS = env.int("LIGHTD_SFTP_ADDRESS_CONNECTIONS", default=100)
# Seconds after which a connection is closed on which nothing was asked.
SFTP_IDLE_TIMEOUT = env.int("LIGHTD_SFTP_IDLE_TIMEOUT", default=900)


# --- Records ------------------------------------------------------------------

# Days that the audit trail, and what happened to containers, are kept.
AUDIT_KEEP_DAYS = env.int("LIGHTD_AUDIT_KEEP_DAYS", default=365)
EVENTS_KEEP_DAYS = env.int("LIGHTD_EVENTS_KEEP_DAYS", default=90)


# --- REST ---------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": [
        "lightd_site.rest.renderers.JsonRenderer",
        "lightd_site.rest.renderers.LightdRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["lightd_site.rest.parsers.JsonParser", "lightd_site.rest.parsers.LightdParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "lightd_site.rest.negotiation.Negotiation",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lightd_site.rest.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "lightd_site.rest.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Lightd",
    "VERSION": VERSION,
    "DESCRIPTION": "Docker containers, their ports and their volumes.",
    "SCHEMA_PATH_PREFIX": "",
    # In the order of /docs/.
    "TAGS": [
        {"name": "containers", "description": "What they are, their settings, limits and ports."},
        {
            "name": "power",
            "description": "Start, stop, kill, restart: answered at once, done in the background.",
        },
        {"name": "console", "description": "What was printed. What is printed now comes over the socket."},
        {"name": "statistics", "description": "What containers and the host use, now and up to a month ago."},
        {"name": "sharing", "description": "What others may do to your containers."},
        {"name": "ports", "description": "The pool that containers take their host ports from."},
        {"name": "volumes", "description": "Files that outlive the containers which use them."},
        {"name": "files", "description": "What is in a volume."},
        {"name": "archives", "description": "Many files as one, both ways, as work that takes its time."},
        {
            "name": "backups",
            "description": "What was in a volume, put aside and brought back.",
        },
        {"name": "sftp", "description": "The same files for SFTP clients: your credentials and keys."},
        {"name": "tokens", "description": "Your keys to all this, as wide or as narrow as you like."},
        {"name": "audit", "description": "Every change and every refused attempt."},
        {"name": "site", "description": "About Lightd itself."},
    ],
}


# --- The wall -----------------------------------------------------------------

# Only what we serve ourselves runs in or is shown by a page, which no other page may frame. No script and no style is
# within the HTML. Console and editor make style elements as they run: these carry the nonce of templates/base.html.
CONTENT_SECURITY_POLICY: dict[str, dict[str, list[Any]]] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "style-src": ["'self'", NONCE],
        "img-src": ["'self'", "data:"],  # the icons in Tabler's style sheet
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# Networks, comma separated, of the proxies in front of us. What they say of a client (X-Forwarded-For, -Proto, -Host)
# is believed; from anyone else these headers are dropped.
TRUSTED_PROXIES = [ip_network(network) for network in env.list("LIGHTD_TRUSTED_PROXIES", default=[])]

# Seconds for which browsers are told to come back by TLS alone; sent only with what came by TLS.
SECURE_HSTS_SECONDS = env.int("LIGHTD_HSTS_SECONDS", default=30 * 86_400 if SESSION_COOKIE_SECURE else 0)

# Origins (scheme://host) whose pages may call the API and open sockets, with a token: a browser gives them our answers,
# and never sends our cookie with their requests. LIGHTD_TRUSTED_ORIGINS are our own pages, cookie and all.
CORS_ALLOWED_ORIGINS = env.list("LIGHTD_CORS_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = False
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]

# Requests in ten seconds, in bursts as they like: from one address, and with one token or session. A page that shows a
# hundred containers needs a tenth. 0: no limit.
ADDRESS_RATE = env.int("LIGHTD_ADDRESS_RATE", default=3000)
TOKEN_RATE = env.int("LIGHTD_TOKEN_RATE", default=1000)
# Wrong tokens in a minute from one address; after that only tokens that were good before are looked at. 0: no limit.
WRONG_TOKEN_RATE = env.int("LIGHTD_WRONG_TOKEN_RATE", default=100)

# Seconds in which a request must have come, from its first byte to the last of its body.
REQUEST_TIMEOUT = env.int("LIGHTD_REQUEST_TIMEOUT", default=30)
# Connections that one address may hold, sockets among them; a trusted proxy may hold any number.
ADDRESS_CONNECTIONS = env.int("LIGHTD_ADDRESS_CONNECTIONS", default=1000)

# Open sockets in one web process: of one user, and of one container.
SOCKETS_PER_USER = env.int("LIGHTD_SOCKETS_PER_USER", default=100)
SOCKETS_PER_CONTAINER = env.int("LIGHTD_SOCKETS_PER_CONTAINER", default=500)

# Images that may be used, by registry and path: docker.io/library, ghcr.io/acme. Each with what is below it; none: all.
IMAGES_ALLOW = env.list("LIGHTD_IMAGES_ALLOW", default=[])

# What `check --deploy` asks for, and is not for us to decide.
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: other sites of the owner's, which may have no TLS
    "security.W008",  # redirecting to TLS: the proxy that ends TLS does it, here nothing listens by TLS
    "security.W021",  # the browsers' preload list: the owner's to join, and hard to leave
]


# --- Sign-in ------------------------------------------------------------------

LOGIN_URL = "account:sign-in"
# Django's sessions in the database, with whose they are and from where.
SESSION_ENGINE = "accounts.sessions"

# The first one is used; passwords hashed by another are hashed anew when their owner next signs in.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# The second factor. Before our own apps, which take its rows out of the admin: they hold keys.
INSTALLED_APPS = ["django_otp", "django_otp.plugins.otp_totp", "django_otp.plugins.otp_static", *INSTALLED_APPS]
# As an authenticator app names the account.
OTP_TOTP_ISSUER = "Lightd"
# accounts/throttle.py counts, for a sentence that says how long to wait.
OTP_TOTP_THROTTLE_FACTOR = 0

# An OpenID Connect provider to sign in through: its issuer's address, and what it knows us as. Without one none of this
# is loaded.
OIDC_ISSUER = env.str("LIGHTD_OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("LIGHTD_OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("LIGHTD_OIDC_CLIENT_SECRET", default="")
# As people call it.
OIDC_NAME = env.str("LIGHTD_OIDC_NAME", default="OpenID Connect")
# Whether whoever can sign in there gets an account here.
OIDC_NEW_USERS = env.bool("LIGHTD_OIDC_NEW_USERS", default=False)
OIDC_PROVIDER_ID = "oidc"  # in our rows: another provider at the same address is the same to us

if OIDC_ISSUER:
    INSTALLED_APPS = [
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
        *INSTALLED_APPS,
    ]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    ACCOUNT_ADAPTER = "accounts.oidc.Accounts"
    SOCIALACCOUNT_ADAPTER = "accounts.oidc.Identities"
    ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": OIDC_PROVIDER_ID,
                    "name": OIDC_NAME,
                    "client_id": OIDC_CLIENT_ID,
                    "secret": OIDC_CLIENT_SECRET,
                    "settings": {"server_url": OIDC_ISSUER},
                }
            ],
        }
    }


# --- Metrics ------------------------------------------------------------------

# Networks, comma separated, from which `GET /metrics` needs no token: 127.0.0.1/32, 10.0.0.0/8.
METRICS_ALLOW = [ip_network(network) for network in env.list("LIGHTD_METRICS_ALLOW", default=[])]


# --- Logging ------------------------------------------------------------------

# DEBUG, INFO, WARNING or ERROR.
LOG_LEVEL = env.str("LIGHTD_LOG_LEVEL", default="INFO").upper()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "lightd_site.logs.LineFormatter"}},
    # On every handler: no token is ever logged.
    "filters": {"redact": {"()": "lightd_site.logs.Redact"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redact"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Has its own handler otherwise; a line for each job taken and done is noise.
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django": {"level": LOG_LEVEL},
        # Answers of 4xx are the caller's affair.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "ERROR"},
        # Would show how each request to the store of backups is signed.
        "botocore": {"level": "WARNING"},
    },
}
