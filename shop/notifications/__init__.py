"""What the shop says on Telegram, promised inside the transaction that makes it true."""
