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
need npm npm "tests run verifiers and clients that are published on npm"
need ruby ruby "tests run a receiver's verifier"
need strace strace "tests make system calls fail, and record what was on disk when the power went"
need unshare util-linux "tests fill a disk of their own"
need ip iproute2 "tests have name servers on a network of their own"
need curl curl "tests run the commands of the guides"
need jq jq "tests run the commands of the guides"
need ps procps "tests look at sessions and process groups"
python3 -c 'import ensurepip, venv' 2>/dev/null ||
    miss "Python's venv" python3-venv "tests run verifiers and clients that are published on PyPI"

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

# Installs what a folder of pins names, from PyPI and npm, into a directory of this project alone.
install_published() { # PINS INTO WHAT
    # A Python that was upgraded leaves an environment behind that no longer starts.
    if cat "$1"/* | cmp -s - "$2/pins" && "$2/python/bin/python" -c ''; then
        return
    fi
    echo "tools: installing $3 (PyPI, npm) into $2"
    rm -rf "$2"
    mkdir -p "$2"
    python3 -m venv "$2/python"
    "$2/python/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$1/requirements.txt"
    if [ -e "$1/package.json" ]; then
        mkdir -p "$2/node"
        cp "$1/package.json" "$1/package-lock.json" "$2/node"
        npm ci --prefix "$2/node" --ignore-scripts --no-audit --no-fund --silent
    fi
    # Written last: what was interrupted is done again.
    cat "$1"/* >"$2/pins"
}

install_published tests/delivery/verifiers/packages .cache/verifiers "published verifiers of webhooks"
install_published tests/compat/hopx/packages .cache/hopx "the published clients of HopX"
install_published tests/openapi/packages .cache/openapi "Schemathesis and a validator of OpenAPI"

# What handlers import, without anything that is made for one Python only: programs may have another.
pins=tests/library/handlers/requirements.txt
imports=.cache/handlers
if ! cmp -s "$pins" "$imports/pins"; then
    echo "tools: installing what handlers of the tests import (PyPI) into $imports"
    rm -rf "$imports"
    .cache/verifiers/python/bin/python -m pip install --quiet --disable-pip-version-check \
        --only-binary :all: --platform any --target "$imports/python" --requirement "$pins"
    cp "$pins" "$imports/pins"
fi
