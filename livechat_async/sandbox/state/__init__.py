"""What an account holds (start with `account`): visitors, chats and tickets, in memory."""
