"""The door for customers: the only process that speaks to Telegram."""
