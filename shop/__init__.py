"""What a shop can do. Speaks neither HTTP nor Telegram."""
