"""An answer's bytes become typed objects. The files, in the order to read them.

- `converter`: what each type accepts, and the careful hooks of objects and lists.
- `hooks`: texts and numbers; also what stands for nothing, and what a whole number is.
- `times`: times as text and in Unix seconds.
- `quick`: the quick way, which serves usual values.
- `bodies`: from bytes to values, also of long lists and of envelopes.
- `problems`: errors, and where in an answer they are.
"""
