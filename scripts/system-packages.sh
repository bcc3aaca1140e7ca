#!/usr/bin/env bash
# Installs strace, which the crash tests use. Never fails: without it those tests are skipped or say so.
set -euo pipefail

if command -v strace >/dev/null 2>&1; then
  exit 0
fi

if [ "$(id -u)" -ne 0 ]; then
  echo "strace is not installed, and only root can install it (apt-get install strace): going on without it."
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "strace is not installed, and there is no apt-get to install it with: going on without it."
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
if apt-get update && apt-get install -y --no-install-recommends strace; then
  echo "strace is installed."
else
  echo "strace could not be installed with apt-get (see above): going on without it."
fi
