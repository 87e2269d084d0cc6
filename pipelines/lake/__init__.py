"""The lake behind one small interface: DuckLake catalog, its storage, content hashes."""

from pipelines.lake.connection import (
    attach_options,
    attach_sql,
    catalog_uri,
    connect,
    extension_directory,
    open_duckdb,
    quote,
    secret_sql,
    transaction,
    writer,
)
from pipelines.lake.hashing import PartitionContent, combine, content_by_date, content_hash
from pipelines.lake.layout import init
from pipelines.lake.storage import Storage, storage

__all__ = [
    "PartitionContent",
    "Storage",
    "attach_options",
    "attach_sql",
    "catalog_uri",
    "combine",
    "connect",
    "content_by_date",
    "content_hash",
    "extension_directory",
    "init",
    "open_duckdb",
    "quote",
    "secret_sql",
    "storage",
    "transaction",
    "writer",
]
