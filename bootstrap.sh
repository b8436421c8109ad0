#!/bin/sh
# Makes .venv with everything in requirements.lock and apitrail itself, or does nothing if that is done.
# Finds a Python that works by running each candidate: shims exist that only print an error.
set -eu
cd "$(dirname "$0")"

stamp=.venv/.installed
want=$(cat requirements.lock pyproject.toml bootstrap.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi

# Debian's python3 lacks ensurepip where its venv package is not installed; uv does without.
works() {
    "$1" -c "import sqlite3, ssl, sys, venv$([ -n "$uv" ] || echo ", ensurepip"); sys.exit(sys.version_info < (3, 12))" >/dev/null 2>&1
}

pythons() {
    for name in "${PYTHON:-}" python3 python3.13 python3.12 python3.14 python; do
        [ -n "$name" ] && command -v "$name" || true
    done
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 2>/dev/null | sort -rV || true
    ls -d "$HOME"/.local/share/uv/python/*/bin/python3 2>/dev/null | sort -rV || true
    [ -z "$uv" ] || "$uv" python find --no-project '>=3.12' 2>/dev/null || true
}

uvs() {
    command -v uv || true
    ls -d "$HOME/.local/bin/uv" "$HOME/.cargo/bin/uv" 2>/dev/null || true
    ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/uv 2>/dev/null || true
}

uv=
for candidate in $(uvs); do
    if "$candidate" --version >/dev/null 2>&1; then uv=$candidate; break; fi
done

python=
for candidate in $(pythons); do
    if works "$candidate"; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
    echo "apitrail needs Python 3.12 or newer and found none: install one (for example \`apt-get install python3.12-venv\`, \`brew install python@3.13\`, \`pyenv install 3.13\` or \`uv python install 3.13\`) and run this again, or name it with PYTHON=/path/to/python3" >&2
    exit 2
fi

echo "setting up .venv with $("$python" --version)${uv:+ and uv}" >&2
rm -f "$stamp"
works .venv/bin/python || rm -rf .venv
if [ -n "$uv" ]; then
    [ -d .venv ] || "$uv" venv --quiet --no-project --python "$python" .venv
    VIRTUAL_ENV=$PWD/.venv "$uv" pip install --quiet --require-hashes --no-deps -r requirements.lock
    VIRTUAL_ENV=$PWD/.venv "$uv" pip install --quiet --no-deps --no-build-isolation -e .
else
    [ -x .venv/bin/pip ] || "$python" -m venv .venv
    .venv/bin/python -m pip --disable-pip-version-check install -qq --require-hashes --no-deps -r requirements.lock
    .venv/bin/python -m pip --disable-pip-version-check install -qq --no-deps --no-build-isolation -e .
fi
echo "$want" >"$stamp"
