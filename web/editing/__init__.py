"""The server side of the web editor: files with drafts, and what the language, the simulator and tests say of them."""
