"""`make attack`: scanners and questions of our own against the running product."""
