# Sourced by the other scripts, from the repository root: `prepare EXTRA` makes .venv if there is
# none and installs this package with the versions of constraints.txt; quick when nothing changed.

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "error: Python 3.11 or newer is needed (with its venv module); set PYTHON to its path" >&2
    return 2
}

prepare() {
    local extra=$1 wanted stamp=.venv/.installed-$1 python
    wanted=$(cat pyproject.toml constraints.txt | cksum)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if ! [ -x .venv/bin/python ]; then
        python=$(find_python) || return 2
        echo "making .venv with $("$python" --version)" >&2
        "$python" -m venv .venv
    fi
    echo "installing the pinned versions into .venv (once; a few minutes)" >&2
    PIP_CONSTRAINT=constraints.txt .venv/bin/python -m pip install --quiet \
        --disable-pip-version-check --constraint constraints.txt --editable ".[$extra]"
    echo "$wanted" > "$stamp"
}
