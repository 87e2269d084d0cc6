"""Objects beside the tables (archived bytes, release files) on a folder or S3, one interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, ObjectStore, S3Store

from pipelines.settings import Settings


class Storage:
    """Keys are relative paths with forward slashes."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put_new(self, key: str, source: Path | bytes) -> bool:
        """Store under a key that must be new; False (and nothing written) when it exists.

        The object appears whole or not at all, and of several racers exactly one wins.
        """
        try:
            obstore.put(self._store, key, source, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def put(self, key: str, source: Path | bytes) -> None:
        """Store, replacing what was there."""
        obstore.put(self._store, key, source)

    def get(self, key: str) -> bytes:
        """The whole object; raise `FileNotFoundError` when there is none."""
        return bytes(obstore.get(self._store, key).bytes())

    def download(self, key: str, target: Path) -> None:
        """Copy an object to a local file in pieces."""
        with target.open("wb") as file:
            for chunk in obstore.get(self._store, key).stream():
                file.write(chunk)

    def exists(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys under a prefix, sorted."""
        listed = obstore.list(self._store, prefix=prefix).collect()
        yield from sorted(str(entry["path"]) for entry in listed)


def storage(settings: Settings) -> Storage:
    """The lake's object storage, rooted beside its table data."""
    if not settings.lake_is_remote:
        return Storage(LocalStore(settings.lake_location, mkdir=True))
    scheme = "https" if settings.s3_use_ssl else "http"
    secret = settings.s3_secret_access_key
    options: dict[str, Any] = {
        "region": settings.s3_region,
        "endpoint": settings.s3_endpoint and f"{scheme}://{settings.s3_endpoint}",
        "access_key_id": settings.s3_access_key_id,
        "secret_access_key": secret and secret.get_secret_value(),
        "client_options": {"allow_http": not settings.s3_use_ssl},
    }
    return Storage(S3Store.from_url(settings.lake, **{k: v for k, v in options.items() if v}))
