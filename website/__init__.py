"""The documentation site: ``python -m website`` builds it from ``docs/`` into ``build/website``.

The pages are plain Markdown, which also reads well without the site. `pages` copies them and makes
those that the program itself writes, `commands` describes the command line, and `docstrings` makes
links of the names in docstrings. `picture` draws the demo for the README.
"""
