"""PostgreSQL and MinIO of one's own on this machine: for the tests, and to try the shared set-up.

python scripts/local_services.py install   # PostgreSQL by apt (root), MinIO by `go install`
python scripts/local_services.py run       # both, until Ctrl-C; prints the settings to export
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minio import Minio

MINIO_PACKAGE = "github.com/minio/minio@latest"
START_TIMEOUT_S = 60
BUCKET = "citypulse"
POSTGRES_USER = "citypulse"


class ServiceMissing(RuntimeError):
    """A program is not installed; the message names it and how to get it."""


@dataclass(frozen=True)
class Postgres:
    """A running server. `dsn` opens its database."""

    dsn: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class ObjectStore:
    """A running S3 server with an empty bucket."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    bucket: str
    process: subprocess.Popen[bytes]


def postgres_folder() -> Path:
    """Where the newest installed PostgreSQL keeps its programs; raises `ServiceMissing`."""
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    if not versions:
        raise ServiceMissing(
            "PostgreSQL is not installed: run 'python scripts/local_services.py install'"
        )
    return versions[-1].parent


def minio_program() -> Path:
    """The MinIO server on PATH or among the Go programs; raises `ServiceMissing`."""
    found = shutil.which("minio")
    candidates = [Path(found)] if found else []
    candidates.append(_go_programs() / "minio")
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ServiceMissing("MinIO is not installed: run 'python scripts/local_services.py install'")


def _go_programs() -> Path:
    return Path(os.environ.get("GOBIN") or Path.home() / "go" / "bin")


def install() -> None:
    """Install what is missing; leaves what is there as it is."""
    try:
        postgres_folder()
    except ServiceMissing:
        subprocess.run(["apt-get", "install", "-qq", "postgresql"], check=True)
    try:
        minio_program()
    except ServiceMissing:
        if not shutil.which("go"):
            raise ServiceMissing("MinIO is built by 'go install', and there is no Go") from None
        subprocess.run(
            ["go", "install", MINIO_PACKAGE],
            check=True,
            env=os.environ | {"GOBIN": str(_go_programs())},
        )


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A fresh PostgreSQL on the loopback address, gone afterwards."""
    programs, port, password = postgres_folder(), free_port(), secrets.token_urlsafe(16)
    # PostgreSQL refuses to run as root, and other folders may be closed to its user
    owner = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="citypulse-postgres-") as folder:
        password_file = Path(folder) / "password"
        password_file.write_text(password, encoding="utf-8")
        if owner:
            shutil.chown(folder, owner)
            shutil.chown(password_file, owner)
        data = Path(folder) / "data"
        subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(data), "-U", POSTGRES_USER),
                *("--auth=scram-sha-256", f"--pwfile={password_file}", "--no-sync"),
                *("--encoding=UTF8", "--locale=C"),
            ],
            check=True,
            user=owner,
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        process = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(data)),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            user=owner,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with _stopping(process):
            _wait("PostgreSQL", process, lambda: _ready(programs, port))
            address = f"{POSTGRES_USER}:{password}@127.0.0.1:{port}"
            yield Postgres(f"postgresql://{address}/postgres", process)


def _ready(programs: Path, port: int) -> bool:
    command = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0


@contextmanager
def running_minio() -> Iterator[ObjectStore]:
    """A fresh MinIO on the loopback address with one bucket, gone afterwards."""
    program, endpoint = minio_program(), f"127.0.0.1:{free_port()}"
    key_id, key = secrets.token_hex(8), secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="citypulse-minio-") as folder:
        process = subprocess.Popen(
            [str(program), "server", folder, "--quiet", "--address", endpoint],
            env=os.environ | {"MINIO_ROOT_USER": key_id, "MINIO_ROOT_PASSWORD": key},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with _stopping(process):
            _wait("MinIO", process, lambda: _answers(f"http://{endpoint}/minio/health/live"))
            Minio(endpoint, access_key=key_id, secret_key=key, secure=False).make_bucket(BUCKET)
            yield ObjectStore(endpoint, key_id, key, BUCKET, process)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (loopback only)
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def _stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(name: str, process: subprocess.Popen[bytes], ready: object) -> None:
    assert callable(ready)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended with status {process.returncode} while starting")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not answer within {START_TIMEOUT_S} s")
        time.sleep(0.1)


def shared_environment(postgres: Postgres, store: ObjectStore) -> dict[str, str]:
    """The settings that put catalog and lake on the two servers."""
    return {
        "CITYPULSE_CATALOG": postgres.dsn,
        "CITYPULSE_LAKE": f"s3://{store.bucket}/lake",
        "CITYPULSE_S3_ENDPOINT": store.endpoint,
        "CITYPULSE_S3_USE_SSL": "false",
        "CITYPULSE_S3_ACCESS_KEY_ID": store.access_key_id,
        "CITYPULSE_S3_SECRET_ACCESS_KEY": store.secret_access_key,
    }


def main() -> None:
    """Install, or run until interrupted."""
    command = sys.argv[1:]
    if command == ["install"]:
        install()
    elif command == ["run"]:
        with ExitStack() as stack:
            servers = stack.enter_context(running_postgres()), stack.enter_context(running_minio())
            for name, value in shared_environment(*servers).items():
                print(f"export {name}={value}")  # noqa: T201
            print("# both run until Ctrl-C", flush=True)  # noqa: T201
            servers[0].process.wait()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main()
    except ServiceMissing as error:
        sys.exit(f"local_services: {error}.")
    except KeyboardInterrupt:
        pass
