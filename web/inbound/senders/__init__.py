"""One file for each system that sends: how it signs, and what its requests mean. Sources are the senders' own pages."""
