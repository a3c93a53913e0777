"""What commands show: ``show`` has consoles, errors and tables, then comes a module a resource.

Strangers choose names and pages, so nothing here reads markup and every text passes `printable`.
"""
