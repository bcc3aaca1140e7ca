"""Messages that a language model writes: the request, the models, the gate, and what is sent when they fail."""
