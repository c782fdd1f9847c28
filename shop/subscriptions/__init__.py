"""What the customer holds."""
