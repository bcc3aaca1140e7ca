"""Runs all benchmarks one after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

NAMES = ("engine", "http", "store_rows", "language", "lsp", "matching", "segments")


def main() -> None:
    """Run them and print their tables."""
    for name in NAMES:
        print(flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=False)


if __name__ == "__main__":
    main()
