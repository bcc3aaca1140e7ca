"""The language server: the editor service of the language behind the Language Server Protocol."""
