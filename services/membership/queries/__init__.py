"""Reads: SQL to rows for the front doors."""
