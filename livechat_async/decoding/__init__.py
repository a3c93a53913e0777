"""An answer's bytes become typed objects.

Read `converter` first: it says what each type accepts. Then, in this order:

- `hooks`: texts and numbers; also what stands for nothing, and what a whole number is.
- `times`: times as text and in Unix seconds.
- `quick`: the quick way, which serves usual values.
- `bodies`: from bytes to values, also of long lists and of envelopes.
- `problems`: errors, and where in an answer they are.
"""
