"""The programs we are measured against: as bare as they can be while doing the same work."""
