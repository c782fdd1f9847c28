"""How fast it is, beside small programs that do the same work; for `make bench`, not for the tests."""
