"""What a shop sells: its price list."""
