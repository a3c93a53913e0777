"""One class a resource: a method builds a request and names a model, and nothing else."""
