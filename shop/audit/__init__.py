"""Who did what: recorded in the transaction that did it."""
