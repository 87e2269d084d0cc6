#!/bin/sh
# Makes .venv with exactly the packages of requirements.lock; does nothing when it has them.
# Needs Python 3.11 or 3.12 with pip. Set PYTHON to choose one.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    for candidate in ${PYTHON:-python3.11 python3.12 python3 python}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: CityPulse needs Python 3.11 or 3.12 and found none: install one, or say" \
        "where it is, e.g. make PYTHON=/opt/python3.12/bin/python3 run" >&2
    exit 1
}

stamp=.venv/.installed
wanted=$(cat requirements.lock pyproject.toml | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

python=$(find_python)
if [ ! -x .venv/bin/python ]; then
    echo "setup: making .venv with $("$python" --version)"
    # without pip: the venv module of a system's Python may lack ensurepip
    "$python" -m venv --without-pip .venv
fi
uv=.venv/uv/bin/uv
# in a folder of its own, because sync removes from .venv what the lock does not list
if [ ! -x "$uv" ]; then
    PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$python" -m pip install --quiet --target .venv/uv uv
fi
echo "setup: installing the packages of requirements.lock"
"$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
echo "$wanted" > "$stamp"
