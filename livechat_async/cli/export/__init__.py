"""``chats export``: ``writing`` fills a file that survives a crash, ``formats`` converts it."""
