"""``chats export``: the file, its formats, its progress."""
