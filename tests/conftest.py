"""Fixtures every test may use: the real data beside the repository, and a lake of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pipelines.settings import PROJECT_ROOT, Settings, load_settings
from scripts.local_services import (
    ObjectStore,
    Postgres,
    ServiceMissing,
    running_minio,
    running_postgres,
)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of real publishers; tests that need them skip where they are absent."""
    folder = PROJECT_ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data sets in ../shared/data")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty lake, key and landing folder under the test's own folder."""
    return Settings(home=tmp_path, key_file=tmp_path / "keys" / "pseudonym.key", threads=2)


@pytest.fixture(scope="session")
def shared_lake() -> Iterator[SharedLake]:
    """Makes settings of lakes on a real PostgreSQL and a real MinIO; skips when one is missing."""
    try:
        with running_postgres() as postgres, running_minio() as store:
            yield SharedLake(postgres, store)
    except ServiceMissing as missing:
        pytest.skip(str(missing))


class SharedLake:
    """Two servers; each call is a lake of its own: an empty database and a prefix of the bucket."""

    def __init__(self, postgres: Postgres, store: ObjectStore) -> None:
        self.postgres, self.store = postgres, store
        self._lakes = 0

    def __call__(self, home: Path, key_file: Path) -> Settings:
        self._lakes += 1
        name = f"lake_{self._lakes}"
        with psycopg.connect(self.postgres.dsn, autocommit=True) as con:
            con.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return load_settings(
            home=home,
            key_file=key_file,
            threads=2,
            catalog=self.postgres.dsn.rsplit("/", 1)[0] + f"/{name}",
            lake=f"s3://{self.store.bucket}/{name}",
            s3_endpoint=self.store.endpoint,
            s3_use_ssl=False,
            s3_access_key_id=self.store.access_key_id,
            s3_secret_access_key=self.store.secret_access_key,
        )
