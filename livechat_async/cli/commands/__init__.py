"""The commands, a module a resource; read ``tickets`` first, the shortest.

``options`` has what several commands accept. ``demo`` is the story of a command in ``sandbox``.
"""
