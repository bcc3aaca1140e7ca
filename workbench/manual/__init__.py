"""The documentation at the terminal."""
