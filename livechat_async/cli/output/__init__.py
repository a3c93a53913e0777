"""What commands show. Read ``show`` first: consoles, errors, tables, and commands that only show.

Then a module a resource: ``visitors`` (and their changes), ``archive`` (chats and tickets). Names
and pages come from strangers, so nothing here reads markup and every text passes `printable`.
"""
