"""What LiveChat sends and takes, as frozen attrs classes, one module each resource.

``ENDPOINTS`` of a module names the calls of its resource, and what each answers; None where the
client does not read it.
"""
