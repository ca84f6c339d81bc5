"""Backups of volumes: made by hand or by a schedule, kept in a store beside or far away, and brought back."""
