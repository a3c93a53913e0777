"""``webhooks listen``: a receiver on this machine."""
