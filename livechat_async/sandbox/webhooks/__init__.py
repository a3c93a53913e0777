"""The sandbox's webhooks: registered, sent, and kept for tests to look at."""
