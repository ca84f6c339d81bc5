"""The container's data directory, `/app/data` in the container: read-only there at all times, written only here.

A container that could write there could leave a link for us to follow, or change what its next start runs.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from django.conf import settings

from containers.engine.config import DATA, HOME
from containers.models import Container
from volumes import storage

INSTALL_ENTRYPOINT = f"""#!/bin/sh
# Written by Lightd: runs the install script under its own first line.
cd {HOME} || exit 1
exec {DATA}/install.sh
"""

# What it put into the volume is for whoever the server runs as.
INSTALL_FOR_USER_ENTRYPOINT = f"""#!/bin/sh
# Written by Lightd: runs the install script under its own first line.
cd {HOME} || exit 1
{DATA}/install.sh
code=$?
chown -hR {{user}} {HOME}
exit $code
"""

START_ENTRYPOINT = """#!/bin/sh
# Written by Lightd: runs the startup command.
cd {home} || exit 1
exec /bin/sh -c {command}
"""

START_AS_USER_ENTRYPOINT = """#!/bin/sh
# Written by Lightd: runs the startup command as a user without rights.
cd {home} || exit 1
command -v setpriv >/dev/null || {{
    echo "LIGHTD_CONTAINER_USER needs setpriv, which this image lacks: install util-linux in the install script" >&2
    exit 126
}}
exec setpriv --reuid={uid} --regid={gid} --clear-groups -- /bin/sh -c {command}
"""


def prepare(container: Container) -> None:
    """Make what the mounts of a new container need."""
    storage.made(container.volume)
    container.data.mkdir(parents=True, exist_ok=True)
    container.directory.chmod(0o700)
    container.data.chmod(0o755)


def write_install(container: Container) -> None:
    """Make the next start of the container run the install script."""
    # Scripts come from browsers and Windows editors: `#!/bin/bash\r` is an interpreter that no image has.
    write(container.data / "install.sh", container.install_script.replace("\r\n", "\n"))
    user = settings.CONTAINER_USER
    write(
        container.data / "entrypoint.sh", INSTALL_FOR_USER_ENTRYPOINT.format(user=user) if user else INSTALL_ENTRYPOINT
    )


def write_start(container: Container) -> None:
    """Make the next start of the container run the startup command."""
    write(container.data / "entrypoint.sh", start_entrypoint(container.startup_command))


def start_entrypoint(startup_command: str) -> str:
    command = shlex.quote(startup_command)
    if not settings.CONTAINER_USER:
        return START_ENTRYPOINT.format(home=HOME, command=command)
    uid, _, gid = settings.CONTAINER_USER.partition(":")
    return START_AS_USER_ENTRYPOINT.format(home=HOME, uid=uid, gid=gid or uid, command=command)


def write(path: Path, text: str) -> None:
    """Replace a script at once: a start sees the old one or the new one, never a part."""
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8", newline="\n")
    draft.chmod(0o755)
    os.replace(draft, path)
