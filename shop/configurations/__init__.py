"""A shop's settings: declared once in the registry; the database keeps only what differs."""
