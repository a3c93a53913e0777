"""``webhooks listen``: a receiver on this machine.

``listener`` has its life, from who may send events to the end; ``programs`` runs what ``--exec``
names; ``view`` shows events and everything else.
"""
