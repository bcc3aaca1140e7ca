"""The server process: the web application and the engine, put together."""
