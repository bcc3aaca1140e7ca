"""Diagnostics: the model, the messages, the rendering."""
