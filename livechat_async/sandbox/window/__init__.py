"""The page that shows a sandbox in a browser: what is on it, and what has just happened.

Read `window` (what it answers) first, then `feed` (what has changed since the last look) and
`display` (requests without their secrets). The folder ``files`` has the page itself: HTML, CSS and
JavaScript that browsers run as they are. Its buttons call the controls under ``/_sandbox/``.
"""
