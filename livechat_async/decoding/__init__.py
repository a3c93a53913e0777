"""How payloads become objects quickly.

- `usual`: what a structure hook tells of the values it usually gets.
- `values`: the structure hooks of texts, numbers, times and the like, one for each quirk.
- `shortcut`: of that, a function from a dict to a model.
- `straight`: of that, a function from JSON text to a model, with no dict on the way.
- `reading`: an answer's bytes to its value, by the quickest way that leads there.

Whatever is not as usual is left to the careful hooks, which alone know errors and where they are.
"""
