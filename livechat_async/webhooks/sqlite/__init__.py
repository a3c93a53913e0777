"""The engine for one machine: jobs wait in a SQLite file, which several processes may share.

`engine` runs the jobs on the event loop. `store` has each step as SQL, in a thread. `database`
opens the file, and says what is wrong with it. `owners` knows which processes live, and `reserve`
keeps room for a full disk. `letters` is what ``livechat-async webhooks dead`` does.
"""

from livechat_async.webhooks.sqlite.engine import SQLiteEngine
from livechat_async.webhooks.sqlite.letters import SQLiteLetters

__all__ = ["SQLiteEngine", "SQLiteLetters"]
