"""Documents: generated from templates or taken from the library, kept, numbered, sent along or shown by a link."""
