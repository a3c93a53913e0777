"""What LiveChat sends and takes, as frozen attrs classes."""
