"""The command line and the tools for rule authors."""
