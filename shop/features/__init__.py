"""What a shop can be switched to do: declared once, asked before every write it guards."""
