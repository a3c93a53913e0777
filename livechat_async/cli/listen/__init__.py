"""``webhooks listen``: a receiver on this machine.

``listener`` runs it; ``programs`` runs what ``--exec`` names; ``view`` shows events and warnings.
"""
