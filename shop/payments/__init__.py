"""The single door for money."""
