"""The prompt: expressions, events and rules tried out on a simulation."""
