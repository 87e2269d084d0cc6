"""The init job of the shared installation: bucket, lake, Airflow's database, pools and passwords.

Every step leaves what exists as it is, so it runs before every start.
"""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path

from minio import Minio

from pipelines import lake
from pipelines.settings import PROJECT_ROOT, Settings, load_settings


def make_bucket(settings: Settings) -> None:
    """Create the lake's bucket with plain S3 calls."""
    secret = settings.s3_secret_access_key
    client = Minio(
        settings.s3_endpoint,
        access_key=settings.s3_access_key_id,
        secret_key=secret and secret.get_secret_value(),
        secure=settings.s3_use_ssl,
        region=settings.s3_region,
    )
    bucket = settings.lake.removeprefix("s3://").split("/", 1)[0]
    if not client.bucket_exists(bucket):
        client.make_bucket(bucket)


def write_passwords() -> None:
    """The page's users and passwords, from the environment, readable by this user only."""
    users = os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    passwords = {
        name: os.environ[f"CITYPULSE_PASSWORD_{name.upper()}"]
        for name in (user.split(":")[0] for user in users.split(","))
    }
    file = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    file.touch(mode=0o600)
    file.write_text(json.dumps(passwords), encoding="utf-8")


def main() -> None:
    """Bucket, lake, metadata database and pools, passwords."""
    settings = load_settings()
    if settings.lake_is_remote:
        make_bucket(settings)
    with lake.writer(settings) as con:
        lake.init(con)
    runpy.run_path(str(PROJECT_ROOT / "scripts" / "prepare_airflow.py"), run_name="__main__")
    write_passwords()


if __name__ == "__main__":
    main()
