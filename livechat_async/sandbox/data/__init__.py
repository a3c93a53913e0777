"""Made-up data, and objects in the form LiveChat sends them."""
