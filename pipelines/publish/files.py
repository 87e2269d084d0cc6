"""The files of a release in the lake's storage: gate results, Data Docs, a manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pipelines import lake
from pipelines.publish.partitions import Changes
from pipelines.publish.release import Release
from pipelines.settings import Settings

MANIFEST_FILE = "manifest.json"


def put_release_files(
    settings: Settings,
    release: Release,
    changes: Changes,
    gate_folder: Path | None,
    input_hashes: Mapping[str, str],
) -> None:
    """Store `releases/<n>/`: everything in the gate's folder, then the manifest that lists it."""
    store = lake.storage(settings)
    prefix = f"releases/{release.release}"
    files = {}
    for path in sorted(gate_folder.rglob("*")) if gate_folder else ():
        if gate_folder and path.is_file():
            name = path.relative_to(gate_folder).as_posix()
            store.put(f"{prefix}/{name}", path)
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {
        "release": asdict(release),
        "input_hashes": dict(input_hashes),
        "changed": {
            f"{layer}.{table}": {str(day): part._asdict() for day, part in parts.items()}
            for (layer, table), parts in changes.items()
        },
        "files": files,
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, default=str)
    store.put(f"{prefix}/{MANIFEST_FILE}", text.encode())
