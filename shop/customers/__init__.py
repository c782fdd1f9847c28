"""Customers as the shop's people see them: found, looked at, written to, blocked."""
