"""Try a shop as its customer, in a shop of its own behind the same wall."""
