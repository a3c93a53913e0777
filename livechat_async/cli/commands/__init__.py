"""The commands, one module a resource."""
