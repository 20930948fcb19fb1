#!/bin/sh
# Installs what the tests need and this machine lacks, and says what and why. Needs apt only for
# what is missing.
set -eu

missing=""
need() { # COMMAND PACKAGE REASON
    command -v "$1" >/dev/null 2>&1 && return
    echo "tools: $1 is missing ($3): installing $2"
    missing="$missing $2"
}

need cc gcc "SQLite is built from source"
need python3 python3 "tests run Python programs and a receiver's verifier"
need node nodejs "tests run JavaScript programs and a receiver's verifier"
need strace strace "tests make system calls fail, and record what was on disk when the power went"
need unshare util-linux "tests fill a disk of their own"
need ip iproute2 "tests have name servers on a network of their own"
need ps procps "tests look at sessions and process groups"

if [ -n "$missing" ]; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo"
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
fi

if ! cargo nextest --version >/dev/null 2>&1; then
    echo "tools: cargo-nextest is missing (it runs the tests): installing it by cargo"
    cargo install --locked --quiet cargo-nextest
fi

# Every crate of the lock file, those of other platforms too: the test of licences reads them all.
cargo fetch --locked --quiet
