"""Exporting an archive: every item once, resumable after a crash."""
