"""The dashboard: the door for owners, their staff and the master admin."""
