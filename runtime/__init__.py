"""The clock, the abstract machine, the durable engine and its stores."""
