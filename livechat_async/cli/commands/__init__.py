"""The commands, a module a resource; read ``tickets`` first, the shortest.

``options`` has what several commands accept. ``watch`` shows visitors as they change.
``sandbox`` has the commands that need no account; ``demo`` is the story that one of them shows.
"""
