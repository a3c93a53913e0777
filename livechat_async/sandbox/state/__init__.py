"""The sandbox's state: visitors, chats and tickets, in memory."""
