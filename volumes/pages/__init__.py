"""The HTML pages of volumes: each reads the request, asks the same functions as the API, and shows."""
