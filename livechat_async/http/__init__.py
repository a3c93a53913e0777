"""One call: a request is built, signed, sent, repeated where that is safe, and its answer decoded.

Read in this order: `request`, `encoding`, `session`, `retry`, `transport`, `response`.
"""
