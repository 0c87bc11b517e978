"""A PostgreSQL server of our own, from Debian's package, for the tests of the collection."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

USER = "postgres"  # the package's own: the server refuses to run as root


def programs() -> Path | None:
    """The folder with initdb and pg_ctl, which Debian keeps off the PATH; None where there is no
    PostgreSQL."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    return found[-1].parent if found else None


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Runs a server in a temporary folder, that listens on a socket there alone; gives its
    address."""
    as_user = ["runuser", "-u", USER, "--"] if os.getuid() == 0 else []

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_user, programs() / program, *arguments], cwd="/", check=True, capture_output=True
        )

    with tempfile.TemporaryDirectory() as root:
        if as_user:
            shutil.chown(root, USER)
        files = f"{root}/data"
        run("initdb", "-D", files, "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-sync")
        # Its log goes to a file: what it printed to a pipe would keep that open as long as it runs.
        options = f"-c listen_addresses='' -c unix_socket_directories={root} -c fsync=off"
        run("pg_ctl", "-D", files, "-o", options, "-l", f"{root}/log", "-w", "start")
        try:
            yield f"postgresql+psycopg://{USER}@/postgres?host={root}"
        finally:
            run("pg_ctl", "-D", files, "-m", "immediate", "-w", "stop")
