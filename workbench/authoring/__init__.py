"""The author's tools for pages: what commands do, from texts in memory, within bounds of time and size."""
