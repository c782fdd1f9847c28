"""A believable shop to look at: «نسیم‌نت», with a month of history and receipts that wait."""
