"""The REST routes about containers; each view reads the request, calls, and answers."""
