#!/usr/bin/env bash
# Installs what some tests use: strace (crashes) and Chromium (pages). Never fails: without them those tests are
# skipped or say so.
set -euo pipefail

missing=()
command -v strace >/dev/null 2>&1 || missing+=(strace)
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing+=(chromium)

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

if [ "$(id -u)" -ne 0 ]; then
  echo "Not installed, and only root can install it: ${missing[*]} (apt-get install ${missing[*]}). Going on without."
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "Not installed, and there is no apt-get to install it with: ${missing[*]}. Going on without."
  exit 0
fi

export DEBIAN_FRONTEND=noninteractive
if apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; then
  echo "Installed: ${missing[*]}."
else
  echo "apt-get could not install ${missing[*]} (see above): going on without."
fi
