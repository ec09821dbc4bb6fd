"""A real PostgreSQL server of Debian's packages, on loopback, in a folder that is thrown away with it."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import get_args

import psycopg
from pydantic import SecretStr

from bot.storage.postgres import PostgresPart
from bot.storage.postgres_schema import Part

USERS = ("postgres", "nobody")
"""Whom root lends the server to, which refuses to run as root."""

PASSWORD = "a-password-of-the-tests"

SECONDS_TO_START = 30.0

QUICK = MappingProxyType(
    {
        "fsync": "off",  # what is lost with the power is lost with the folder anyway
        "full_page_writes": "off",
        "autovacuum": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "shared_buffers": "32MB",
        "unix_socket_directories": "",
        "listen_addresses": "127.0.0.1",
    }
)

WHO_MAY = """
local all all trust
host all stranger 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, of the newest version that is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if folders:
        return folders[-1]
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@dataclass
class PostgresServer:
    """A server.

    Attributes:
        port: on 127.0.0.1.
        folder: for all that it keeps.
        command: that starts it.
    """

    port: int
    folder: Path
    command: Sequence[str]

    def start(self) -> None:
        """Return once it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder)  # noqa: S603
        end = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self.run("SELECT 1")
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def crash(self) -> None:
        """End it at once, with nothing put in order."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def place(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD) -> SecretStr:
        """The address of a database."""
        return SecretStr(f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}")

    def new_database(self, template: str = "template1", **options: str) -> SecretStr:
        """Make a database."""
        name = f"test_{token_hex(6)}"
        said = " ".join(f"{option} = '{value}'" for option, value in options.items())
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} {said}")
        return self.place(name)

    def run(self, statement: str, place: SecretStr | None = None) -> list[tuple[object, ...]]:
        """Run a statement as the superuser, for whom no trigger fires."""
        with psycopg.connect((place or self.place()).get_secret_value(), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET search_path = copy_backup_bot, public")
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []


@contextmanager
def running_server(programs: Path, said: Mapping[str, str] = QUICK) -> Iterator[PostgresServer]:
    """A server with these settings, from ready to gone; it goes with this process, too, however that ends."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-of-tests-"))
    try:
        as_user = _as_somebody_else(folder)
        data = folder / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        initdb = [*as_user, str(programs / "initdb"), "-D", str(data), *options]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder)  # noqa: S603
        (data / "pg_hba.conf").write_text(WHO_MAY)
        port = _free_port()
        settings = [part for name, value in said.items() for part in ("-c", f"{name}={value}")]
        command = [*as_user, str(programs / "postgres"), "-D", str(data), "-p", str(port), *settings]
        server = PostgresServer(port, folder, command)
        try:
            server.start()
            yield server
        finally:
            server.crash()
    finally:
        shutil.rmtree(folder)


def prepared(place: SecretStr) -> None:
    """Have the bot make its tables."""
    for part in get_args(Part):
        PostgresPart(place, part)._close()


BEGINNINGS = ("UPDATE last_written SET sequence = 0", "UPDATE bot_at_work SET epoch = 0, ends = '-infinity'")


def emptied(server: PostgresServer, place: SecretStr) -> None:
    """Take all rows out of the bot's tables, which is quicker than another database."""
    tables = server.run(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'copy_backup_bot' AND tablename NOT IN "
        "('schema_versions', 'last_written', 'bot_at_work')",
        place,
    )
    deletions = [f"DELETE FROM {table}" for (table,) in tables]  # noqa: S608 - its own tables
    server.run("; ".join([*deletions, *BEGINNINGS]), place)


def _as_somebody_else(folder: Path) -> list[str]:
    """How to run something as a user who is not root, whose the folder is then; and to end it with this process."""
    command = ["setpriv", "--pdeathsig=QUIT"]
    if os.getuid() == 0:
        user = next(name for name in USERS if _is_known(name))
        shutil.chown(folder, user)
        command += [f"--reuid={user}", "--clear-groups"]
    return command


def _is_known(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
