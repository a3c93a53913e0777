"""Watching the visitors: polls the list and reports what changed."""
