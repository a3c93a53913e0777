"""HTTP: the server, requests with their queries and bodies, and answers."""
