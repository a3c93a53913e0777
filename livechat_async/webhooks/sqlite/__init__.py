"""The engine for one machine: jobs wait in a SQLite file, which several processes may share.

`engine` runs the jobs on the event loop. `store` has each step as SQL, in a thread. `database`
opens the file, says what is wrong with it, and keeps room for a full disk. `owners` knows which
processes live. `letters` is what ``livechat-async webhooks dead`` does.
"""

from livechat_async.webhooks.sqlite.engine import SQLiteEngine
from livechat_async.webhooks.sqlite.letters import SQLiteLetters

__all__ = ["SQLiteEngine", "SQLiteLetters"]
