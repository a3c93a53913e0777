"""One class for each resource, such as ``client.chats``, and one method for each endpoint.

A method checks its arguments by the rules in `_arguments` and makes a call through the base class
in `_base`; it does nothing else. `LiveChatClient` imports each class when it is first used.
"""
