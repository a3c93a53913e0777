"""The sandbox's pages: one module for each part of the API, and one for the control calls."""
