"""OpenSSH's own clients, each call with options of its own and nothing of the user's who runs the tests."""

import os
import shutil
import subprocess
from pathlib import Path

PROGRAMS = ("ssh", "sftp", "scp", "ssh-keygen")
INIT = bytes.fromhex("000000050100000003")  # SFTP's first packet: version 3
TIMEOUT = 300  # seconds, of any call


def make_key(path: Path) -> str:
    """A new key without passphrase; returns its public half."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    assert not missing, f"{missing} are missing: run script/test as root, or install openssh-client."
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


class OpenSsh:
    """One user's clients, with a key or a password."""

    def __init__(
        self, folder: Path, port: int, username: str, *, key: Path | None = None, password: str | None = None
    ) -> None:
        self.folder = folder
        self.target = f"{username}@127.0.0.1"
        self.environment = os.environ | {"SSH_ASKPASS_REQUIRE": "force", "SSH_ASKPASS": "/bin/false", "LC_ALL": "C"}
        self.options = {
            "Port": str(port),
            "UserKnownHostsFile": str(folder / "known_hosts"),
            "StrictHostKeyChecking": "accept-new",
            "LogLevel": "INFO",  # with what the server says while one signs in
            "IdentitiesOnly": "yes",
            "NumberOfPasswordPrompts": "1",
        }
        if key is not None:
            self.options |= {"IdentityFile": str(key), "PasswordAuthentication": "no"}
        if password is not None:
            self.options |= {"PubkeyAuthentication": "no", "BatchMode": "no"}
            self.environment["SSH_ASKPASS"] = str(self._answer(password))

    def _answer(self, password: str) -> Path:
        program = self.folder / "askpass"
        program.write_text(f"#!/bin/sh\nprintf '%s\\n' '{password}'\n")
        program.chmod(0o700)
        return program

    def command(self, program: str, *arguments: str) -> list[str]:
        options = [part for name, value in self.options.items() for part in ("-o", f"{name}={value}")]
        return [program, "-F", "/dev/null", *options, *arguments]

    def run(self, program: str, *arguments: str, given: str = "", fails: bool = False) -> str:
        """Runs it to its end; returns what it said."""
        done = subprocess.run(
            self.command(program, *arguments),
            input=given,
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert (done.returncode != 0) == fails, f"{program} {arguments} ended with {done.returncode}: {done.stdout}"
        return done.stdout

    def sftp(self, *commands: str, fails: bool = False) -> str:
        """A batch, which ends at the first command that fails, unless that begins with `-`."""
        return self.run("sftp", "-b", "-", self.target, given="\n".join(commands) + "\n", fails=fails)

    def scp(self, *arguments: str, fails: bool = False) -> str:
        """`there:` stands for the server."""
        return self.run("scp", *(each.replace("there:", f"{self.target}:") for each in arguments), fails=fails)

    def ssh(self, *arguments: str, fails: bool = False) -> str:
        return self.run("ssh", *arguments, fails=fails)

    def stay(self) -> subprocess.Popen[bytes]:
        """A session that is open, and asks for nothing."""
        process = subprocess.Popen(
            self.command("ssh", "-s", self.target, "sftp"),
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(INIT)
        process.stdin.flush()
        process.stdout.read(4)  # it was answered
        return process
