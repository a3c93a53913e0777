"""Webhooks: registered (`registrations`), announced (`events`) and delivered (`deliverer`)."""
