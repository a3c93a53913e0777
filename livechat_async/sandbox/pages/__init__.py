"""The pages of the API, one module each.

A page is a function of the account, the request, and the arguments in its path. Each module lists
its pages in ``ROUTES``, and the API serves every module in this folder.
"""
