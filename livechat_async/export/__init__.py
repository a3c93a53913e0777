"""Exports: every item of a range of days, each once, with checkpoints that survive a crash.

Read `export` first: it walks the range window by window. `completeness` decides whether a window
was seen in full; `checkpoint` stores how far the export has come.
"""
