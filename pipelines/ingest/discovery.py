"""What lies in the landing folder and may be taken: finished files, each with its provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import sleep, time

from pipelines.dates import DateWindow
from pipelines.errors import NothingToDo
from pipelines.ingest.providers import CANONICAL, Provider, load_provider, providers_of

_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp")


@dataclass(frozen=True)
class LandedFile:
    """A file a provider dropped; `name` is its path below the provider's folder."""

    path: Path
    name: str
    provider: Provider
    bytes: int
    changed_ns: int

    @property
    def file_date(self) -> date | None:
        """The date in its path, if any."""
        return self.provider.file_date(self.name)

    @property
    def unchanged(self) -> bool:
        """Whether it still has the size and time it was discovered with."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (self.bytes, self.changed_ns)


def _root(landing: Path, feed: str) -> Path:
    """`<landing>/<feed>`; a landing folder without such a folder is taken as the feed's own."""
    if not landing.is_dir():
        raise NothingToDo(
            f"the landing folder {landing} does not exist: create it, or name another with "
            "--landing or CITYPULSE_LANDING."
        )
    return landing / feed if (landing / feed).is_dir() else landing


def _finished_names(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(part.startswith((".", "~$")) for part in inside.parts)
        if not hidden and not path.name.lower().endswith(_UNFINISHED) and path.is_file():
            yield path


def _assigned(root: Path, feed: str, provider: str | None) -> Iterator[tuple[Path, str, Provider]]:
    """(path, name below the provider's folder, provider) of each finished file."""
    if provider is not None:
        chosen = load_provider(feed, provider)
        folder = root / provider if (root / provider).is_dir() else root
        for path in _finished_names(folder):
            yield path, path.relative_to(folder).as_posix(), chosen
        return
    known = providers_of(feed)
    for path in _finished_names(root):
        inside = path.relative_to(root)
        owner = inside.parts[0] if len(inside.parts) > 1 else CANONICAL
        if owner in known and len(inside.parts) > 1:
            yield path, inside.relative_to(owner).as_posix(), known[owner]
        else:
            yield path, inside.as_posix(), known[CANONICAL]


def discover(
    landing: Path,
    feed: str,
    *,
    provider: str | None,
    window: DateWindow | None,
    settle_s: float,
) -> list[LandedFile]:
    """Files of a feed that may be taken, by provider and name.

    With a window: the files dated in it and the undated ones. Hidden files, unfinished downloads,
    files the provider's YAML leaves aside and files still growing are left where they are.
    Raises `NothingToDo` when the landing folder does not exist.
    """
    files = []
    for path, name, owner in _assigned(_root(landing, feed), feed, provider):
        if owner.ignores(name) is not None:
            continue
        stat = path.stat()
        file = LandedFile(path, name, owner, stat.st_size, stat.st_mtime_ns)
        if window is None or file.file_date is None or file.file_date in window:
            files.append(file)
    files.sort(key=lambda f: (f.provider.name, f.name))
    return _settled(files, settle_s)


def _settled(files: list[LandedFile], settle_s: float) -> list[LandedFile]:
    """The files that did not change within the last `settle_s` seconds, waited for if need be."""
    newest = max((file.changed_ns for file in files), default=0) / 1e9
    sleep(min(settle_s, max(0.0, newest + settle_s - time())))
    return [file for file in files if file.unchanged]
