"""Customers' questions: asked in the bot, answered on the dashboard or in the shop's own chat."""
