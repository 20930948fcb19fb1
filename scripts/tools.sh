#!/bin/sh
# Installs what the tests need and this machine lacks, and says what and why. Needs apt only for
# what is missing.
set -eu

missing=""
miss() { # WHAT PACKAGE REASON
    echo "tools: $1 is missing ($3): installing $2"
    missing="$missing $2"
}
need() { # COMMAND PACKAGE REASON
    command -v "$1" >/dev/null 2>&1 || miss "$@"
}

need cc gcc "SQLite is built from source"
need python3 python3 "tests run Python programs and a receiver's verifier"
need node nodejs "tests run JavaScript programs and a receiver's verifier"
need npm npm "tests run verifiers that are published on npm"
need ruby ruby "tests run a receiver's verifier"
need strace strace "tests make system calls fail, and record what was on disk when the power went"
need unshare util-linux "tests fill a disk of their own"
need ip iproute2 "tests have name servers on a network of their own"
need ps procps "tests look at sessions and process groups"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    miss "Python's venv" python3-venv "tests run verifiers that are published on PyPI"

if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
fi

# Half a gigabyte is too much to ask for a snippet that hardly ever changes.
command -v go >/dev/null 2>&1 ||
    echo "tools: go is missing, and not installed: the test of the Go code in docs/verify.md will be passed over"

if ! cargo nextest --version >/dev/null 2>&1; then
    echo "tools: cargo-nextest is missing (it runs the tests): installing it by cargo"
    cargo install --locked --quiet cargo-nextest
fi

# Every crate of the lock file, those of other platforms too: the test of licences reads them all.
cargo fetch --locked --quiet

# Verifiers of webhooks as receivers use them, in directories of this project alone.
pins=tests/delivery/verifiers/packages
verifiers=.cache/verifiers
# A Python that was upgraded leaves an environment behind that no longer starts.
if ! cat "$pins"/* | cmp -s - "$verifiers/pins" || ! "$verifiers/python/bin/python" -c ''; then
    echo "tools: installing published verifiers of webhooks (PyPI, npm) into $verifiers"
    rm -rf "$verifiers"
    mkdir -p "$verifiers/node"
    python3 -m venv "$verifiers/python"
    "$verifiers/python/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$pins/requirements.txt"
    cp "$pins/package.json" "$pins/package-lock.json" "$verifiers/node"
    npm ci --prefix "$verifiers/node" --ignore-scripts --no-audit --no-fund --silent
    # Written last: what was interrupted is done again.
    cat "$pins"/* >"$verifiers/pins"
fi

# What handlers import, without anything that is made for one Python only: programs may have another.
pins=tests/library/handlers/requirements.txt
imports=.cache/handlers
if ! cmp -s "$pins" "$imports/pins"; then
    echo "tools: installing what handlers of the tests import (PyPI) into $imports"
    rm -rf "$imports"
    "$verifiers/python/bin/python" -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: --platform any --target "$imports/python" --requirement "$pins"
    cp "$pins" "$imports/pins"
fi
