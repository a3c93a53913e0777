"""The pages of the API (start with `api`, its table) and the control calls (`control`)."""
