"""``chats export``: ``files`` survive crashes, ``writing`` fills and ``formats`` converts them."""
