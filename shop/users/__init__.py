"""People in a shop's bot."""
