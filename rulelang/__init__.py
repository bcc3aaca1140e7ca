"""The rule language itself, pure: parsing, checking and meaning, without input or output."""
