"""Django's admin over the same two tables: the changelists of receipts and of the ledger, signed in.

Set up as somebody would who cares for its speed: related rows are joined, the whole table is never counted,
connections stay open. Runs in the bench's own environment (``tests.bench.peers``).
"""
