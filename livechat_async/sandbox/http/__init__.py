"""The sandbox's HTTP: requests in, answers out."""
