"""Proof of a card-to-card transfer: submit, review, decide."""
