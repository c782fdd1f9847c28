"""A bot's Telegram token at rest: sealed for its own row, and a fingerprint to find it by."""

from __future__ import annotations

from db.crypto import Vault
from db.models import Bot
from shop.bots.rules import TelegramToken

TOKEN_PURPOSE = "bot-token"  # noqa: S105  (a label, not a secret)


def keep_token(vault: Vault, bot: Bot, token: TelegramToken) -> None:
    """Put ``token`` into ``bot``, whose ``public_id`` must be set. The state starts anew."""
    bot.telegram_bot_id = token.telegram_bot_id
    bot.telegram_bot_token = vault.seal(token.text, context=_context(bot))
    bot.token_fingerprint = vault.fingerprint(token.text, purpose=TOKEN_PURPOSE)
    bot.token_state, bot.token_error = "new", None


def unseal_token(vault: Vault, bot: Bot) -> str:
    """The token in the clear. Raises SecretUnreadable when it was sealed for another row or key."""
    return vault.unseal(bot.telegram_bot_token, context=_context(bot))


def _context(bot: Bot) -> str:
    return f"bots.telegram_bot_token|{bot.public_id}"
