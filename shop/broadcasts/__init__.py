"""One message to many customers: written, looked at, sent slowly, stopped at any time."""
