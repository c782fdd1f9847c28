"""What the bot shows. Words are in templates/telegram/, buttons here."""
