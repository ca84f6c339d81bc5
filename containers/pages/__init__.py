"""The HTML pages about containers: each reads the request, asks the same functions as the API, and shows."""
