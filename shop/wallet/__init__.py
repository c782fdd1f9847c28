"""Customers' money with the shop: an append-only ledger and the balance it adds up to."""
