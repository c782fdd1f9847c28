"""A bot's Telegram token at rest: sealed for its own row, and a fingerprint to find it by."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime

from sqlalchemy import select, update

from db.crypto import Vault
from db.models import Bot
from shop.bots.rules import TelegramToken
from shop.unit_of_work import UnitOfWork

TOKEN_PURPOSE = "bot-token"  # noqa: S105  (a label, not a secret)
WEBHOOK_PURPOSE = "webhook"
NOTHING_BYTES = 32


def keep_token(vault: Vault, bot: Bot, token: TelegramToken, now: datetime) -> None:
    """Put ``token`` into ``bot``, whose ``public_id`` must be set. The state starts anew."""
    bot.telegram_bot_id = token.telegram_bot_id
    bot.telegram_bot_token = vault.seal(token.text, context=_context(bot))
    bot.token_fingerprint = vault.fingerprint(token.text, purpose=TOKEN_PURPOSE)
    bot.token_state, bot.token_error, bot.token_set_at = "new", None, now


def keep_none(vault: Vault, bot: Bot) -> None:
    """Fill the place of a token in a shop that has no bot of its own: with what opens nothing anywhere."""
    nothing = secrets.token_urlsafe(NOTHING_BYTES)
    bot.telegram_bot_token = vault.seal(nothing, context=_context(bot))
    bot.token_fingerprint = vault.fingerprint(nothing, purpose=TOKEN_PURPOSE)


async def reseal_token(uow: UnitOfWork) -> bool:
    """Move the token of the unit's shop to the newest key; whether there was something to move.

    Only if it is still the one that was read: whoever gave a new one meanwhile sealed it with the newest key.
    """
    bot = (await uow.session.scalars(select(Bot).where(Bot.id == uow.bot_id))).one()
    if uow.vault.is_newest(bot.telegram_bot_token):
        return False
    text = unseal_token(uow.vault, bot)
    moved = await uow.session.scalar(
        update(Bot)
        .where(Bot.id == bot.id, Bot.telegram_bot_token == bot.telegram_bot_token)
        .values(
            telegram_bot_token=uow.vault.seal(text, context=_context(bot)),
            token_fingerprint=uow.vault.fingerprint(text, purpose=TOKEN_PURPOSE),
        )
        .returning(Bot.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def unseal_token(vault: Vault, bot: Bot) -> str:
    """The token in the clear. Raises SecretUnreadable when it was sealed for another row or key."""
    return vault.unseal(bot.telegram_bot_token, context=_context(bot))


def webhook_secrets(vault: Vault, bot: Bot, token: TelegramToken) -> tuple[str, ...]:
    """What Telegram must say with each update it brings to this bot's address; we agree on the first.

    Derived, so nothing more is kept: from the address and the whole token, so that a new token is a new
    secret and the bot that had the address before cannot bring its updates to its successor. One for each
    key of the installation, newest first: Telegram goes on saying the old one until the fleet has spoken.
    """
    known = vault.fingerprints(f"{bot.public_id}|{token.text}", purpose=WEBHOOK_PURPOSE)
    return tuple(urlsafe_b64encode(one).decode().rstrip("=") for one in known)


def _context(bot: Bot) -> str:
    return f"bots.telegram_bot_token|{bot.public_id}"
