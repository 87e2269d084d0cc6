"""Where things live. Settings come from the environment (`CITYPULSE_*`) or one TOML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.errors import SettingsError

DEFAULT_CONFIG_FILE = "citypulse.toml"
MASK = "********"
PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings; relative paths are taken from `home`."""

    model_config = SettingsConfigDict(env_prefix="CITYPULSE_", extra="forbid", frozen=True)

    home: Path = Field(default_factory=Path.cwd, description="folder relative paths start from")
    lake: str = Field("warehouse/lake", description="lake files: a folder or s3://bucket/prefix")
    catalog: str = Field(
        "warehouse/catalog.sqlite", description="DuckLake catalog: SQLite file or postgresql:// DSN"
    )
    landing: Path = Field(Path("landing"), description="where providers drop their files")
    work_dir: Path = Field(Path("warehouse/work"), description="candidates and scratch files")
    reports_dir: Path = Field(Path("warehouse/reports"), description="rendered reports")
    exports_dir: Path = Field(Path("warehouse/exports"), description="marts-<release>.duckdb files")
    key_file: Path = Field(
        Path("~/.citypulse/pseudonym.key"),
        description="pseudonym key; kept outside the lake, owner-only",
    )
    investigations_dir: Path = Field(
        Path("~/.citypulse/investigations"),
        description="results of person-level look-ups until they expire; owner-only",
    )
    audit_dir: Path = Field(
        Path("~/.citypulse/audit"), description="the look-ups' audit log; owner-only"
    )
    city_region_id: str = Field("990100", description="the city the roll-ups and report are about")
    look_back_days: int = Field(7, ge=0, le=60, description="days before the window rebuilt too")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    memory_limit: str = Field("1500MB", description="DuckDB's memory limit, e.g. 1500MB")
    s3_endpoint: str | None = Field(None, description="host:port of an S3 server other than AWS")
    s3_region: str = "us-east-1"
    s3_use_ssl: bool = True
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None

    @field_validator("catalog")
    @classmethod
    def _catalog_is_sqlite_or_postgres(cls, value: str) -> str:
        if "://" in value and not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("must be a SQLite file path or a postgresql:// DSN")
        return value

    @field_validator("lake")
    @classmethod
    def _lake_is_folder_or_s3(cls, value: str) -> str:
        if "://" in value and not value.startswith("s3://"):
            raise ValueError("must be a folder or s3://bucket/prefix")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic's signature)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return (init_settings, env_settings, toml)

    @property
    def lake_is_remote(self) -> bool:
        return self.lake.startswith("s3://")

    @property
    def catalog_is_remote(self) -> bool:
        return "://" in self.catalog

    @property
    def lake_location(self) -> str:
        """The lake's folder as an absolute path, or its s3:// prefix."""
        return self.lake if self.lake_is_remote else str(self.path(Path(self.lake)))

    def path(self, path: Path) -> Path:
        """Resolve a configured path against `home` (and `~`)."""
        return (self.home / path.expanduser()).resolve()

    def without_secrets(self, text: str) -> str:
        """The text with every secret of these settings masked: errors of libraries repeat them."""
        secrets = [urlsplit(self.catalog).password] if self.catalog_is_remote else []
        if self.s3_secret_access_key:
            secrets.append(self.s3_secret_access_key.get_secret_value())
        for secret in filter(None, secrets):
            text = text.replace(secret, MASK)
        return text

    def shown(self) -> dict[str, str]:
        """Name -> value as text, secrets masked: what `citypulse status` prints."""
        return {name: _masked(name, getattr(self, name)) for name in type(self).model_fields}


def _masked(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return MASK
    text = "" if value is None else str(value)
    if name == "catalog" and "://" in text and "@" in text:
        scheme, rest = text.split("://", 1)
        userinfo, host = rest.rsplit("@", 1)
        return f"{scheme}://{userinfo.split(':', 1)[0]}:{MASK}@{host}"
    return text


def config_file() -> Path:
    """The TOML file in use: `CITYPULSE_CONFIG`, or `citypulse.toml` here (may not exist)."""
    return Path(os.environ.get("CITYPULSE_CONFIG", DEFAULT_CONFIG_FILE))


def load_settings(**overrides: Any) -> Settings:
    """Read and validate settings; raise `SettingsError` naming the bad one and how to mend it."""
    explicit = os.environ.get("CITYPULSE_CONFIG")
    if explicit and not Path(explicit).is_file():
        raise SettingsError(f"CITYPULSE_CONFIG names {explicit}, which is not a file: correct it.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting '{name}' is wrong: {first['msg']}. Set CITYPULSE_{name.upper()} "
            f"or '{name}' in {config_file()}."
        ) from None
    except ValueError as error:
        raise SettingsError(f"{config_file()} cannot be read as TOML: {error}.") from None
