"""Containers as requests give them, and as answers show them."""
