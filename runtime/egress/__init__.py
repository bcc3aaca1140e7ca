"""The one way out over HTTP: every outgoing request is vetted by the guard and sent by the client."""
