"""Watching the visitors: `watch` polls their list, and `changes` finds what changed in it."""
