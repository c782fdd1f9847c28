"""Store what was prepared, and open what was stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from db.models import (
    BotConfiguration,
    Broadcast,
    CardToCardPayment,
    Media,
    PictureSketch,
    Ticket,
    TicketMessage,
)
from shop.actors import RECEIPTS_SEE, System, require
from shop.errors import NotFound
from shop.ids import MediaId
from shop.media.picture import Prepared
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitOfWork, UnitsOfWork

KEPT_FOR = "receipt_image_days"
REMOVED_AT_ONCE = 200
RETENTION = System("retention")


@dataclass(frozen=True, slots=True)
class StoredFile:
    content: bytes
    content_type: str
    is_picture: bool


async def store(uow: UnitOfWork, shelf: Shelf, prepared: Prepared) -> MediaId:
    """Keep a prepared file. The file is written before the row: a crash leaves at most a stray file."""
    key = await asyncio.to_thread(shelf.put, uow.bot_id, prepared.content, content_type=prepared.content_type)
    media = Media(
        state=prepared.state,
        storage_key=key,
        content_type=prepared.content_type,
        file_name=prepared.file_name,
        sha256=prepared.sha256,
        size_bytes=len(prepared.content),
        width=prepared.width,
        height=prepared.height,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(media)
    await uow.session.flush()
    return MediaId(media.id)


@dataclass(frozen=True, slots=True)
class Located:
    """Where a file lies on the shelf; reading it needs no transaction."""

    media_id: int
    storage_key: str
    is_picture: bool
    telegram_file_id: str | None = None
    """By which the shop's bot sent it before."""

    @classmethod
    def of(cls, media: Media) -> Self:
        return cls(media.id, media.storage_key, media.state == "picture", media.telegram_file_id)


async def locate(uow: UnitOfWork, payment_id: int) -> Located | None:
    """The file of a payment's receipt; None when it has none. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)
    found = await uow.session.scalar(
        select(Media)
        .join(CardToCardPayment, CardToCardPayment.receipt_media_id == Media.id)
        .where(CardToCardPayment.id == payment_id)
    )
    return None if found is None else Located.of(found)


async def keep_file_id(uow: UnitOfWork, media_id: int, telegram_file_id: str) -> None:
    """The shop's bot uploaded it: from now on its id is enough. Idempotent."""
    await uow.session.execute(
        update(Media)
        .where(Media.id == media_id)
        .values(telegram_file_id=telegram_file_id, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )


async def open_picture(uow: UnitOfWork, shelf: Shelf, payment_id: int) -> StoredFile:
    """The receipt of one payment. Raises NotAllowed, and NotFound where there is none (any more)."""
    require(uow.actor, RECEIPTS_SEE)
    media = await uow.session.scalar(
        select(Media)
        .join(CardToCardPayment, CardToCardPayment.receipt_media_id == Media.id)
        .where(CardToCardPayment.id == payment_id)
    )
    content = await asyncio.to_thread(shelf.read, media.storage_key) if media is not None else None
    if media is None or content is None:
        raise NotFound("receipt_image", payment_id)
    return StoredFile(
        content=content,
        content_type=media.content_type,
        is_picture=media.state == "picture",
    )


async def open_file(uow: UnitOfWork, shelf: Shelf, media_id: int) -> StoredFile:
    """One stored file, for whoever was found to see it. Raises NotFound where there is none (any more)."""
    media = await uow.session.scalar(select(Media).where(Media.id == media_id))
    content = await asyncio.to_thread(shelf.read, media.storage_key) if media is not None else None
    if media is None or content is None:
        raise NotFound("media", media_id)
    return StoredFile(content, media.content_type, media.state == "picture")


async def find_picture(uow: UnitOfWork, media_id: int) -> str | None:
    """Where one of the shop's pictures lies on the shelf; None where there is none (any more)."""
    key: str | None = await uow.session.scalar(
        select(Media.storage_key).where(Media.id == media_id, Media.state == "picture")
    )
    return key


async def remove_old(units: UnitsOfWork, shelf: Shelf) -> int:
    """Take off the shelf what its shop keeps no longer, in every shop; how many files that were.

    Only files that no open payment and no open ticket needs. The rows stay with their hashes, so that the
    same file is noticed again; what shows anything of the picture, its draft, goes with it. The file goes
    before the row says so: a crash between them is made good by the next turn.
    """
    async with units.platform(RETENTION) as uow:
        chosen = await uow.session.execute(
            select(BotConfiguration.bot_id, BotConfiguration.config_value).where(
                BotConfiguration.config_key == KEPT_FOR
            )
        )
        shops = chosen.tuples().all()
    removed = 0
    for bot_id, days in shops:
        removed += await _remove_in(units, shelf, bot_id, timedelta(days=days))
    return removed


async def _remove_in(units: UnitsOfWork, shelf: Shelf, bot_id: int, kept_for: timedelta) -> int:
    async with units.begin(bot_id, RETENTION) as uow:
        found = await uow.session.execute(
            select(Media.id, Media.storage_key)
            .where(
                Media.bot_id == bot_id,
                Media.size_bytes > 0,
                Media.created_at <= uow.now - kept_for,
                ~_is_needed(),
            )
            .order_by(Media.id)
            .limit(REMOVED_AT_ONCE)
        )
        old = found.tuples().all()
    for _, key in old:
        await asyncio.to_thread(shelf.remove, key)
    if old:
        async with units.begin(bot_id, RETENTION) as uow:
            await uow.session.execute(
                update(Media)
                .where(Media.bot_id == bot_id, Media.id.in_([media_id for media_id, _ in old]))
                .values(size_bytes=0, updated_at=uow.now)
                .execution_options(synchronize_session=False)
            )
            await uow.session.execute(
                delete(PictureSketch)
                .where(
                    PictureSketch.bot_id == bot_id,
                    PictureSketch.media_id.in_([media_id for media_id, _ in old]),
                )
                .execution_options(synchronize_session=False)
            )
    return len(old)


def _is_needed() -> ColumnElement[bool]:
    """Somebody has yet to decide by it, or it has yet to be sent, or they still talk about it."""
    undecided = exists().where(
        CardToCardPayment.bot_id == Media.bot_id,
        CardToCardPayment.status == "receipt_submitted",
        CardToCardPayment.receipt_media_id == Media.id,
    )
    talked_about = exists().where(
        TicketMessage.bot_id == Media.bot_id,
        TicketMessage.media_id == Media.id,
        Ticket.bot_id == TicketMessage.bot_id,
        Ticket.id == TicketMessage.ticket_id,
        Ticket.status != "closed",
    )
    unsent = exists().where(
        Broadcast.bot_id == Media.bot_id,
        Broadcast.status.not_in(("completed", "stopped")),
        Broadcast.media_id == Media.id,
    )
    return or_(undecided, unsent, talked_about)
