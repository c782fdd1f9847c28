"""Store what was prepared, and open what was stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import select

from db.models import CardToCardPayment, Media
from shop.actors import RECEIPTS_SEE, require
from shop.errors import NotFound
from shop.ids import MediaId
from shop.media.picture import Prepared
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitOfWork


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
    """Where a receipt's file lies on the shelf; reading it needs no transaction."""

    storage_key: str
    is_picture: bool


async def locate(uow: UnitOfWork, payment_id: int) -> Located | None:
    """The file of a payment's receipt; None when it has none. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)
    row = (
        await uow.session.execute(
            select(Media.storage_key, Media.state)
            .join(CardToCardPayment, CardToCardPayment.receipt_media_id == Media.id)
            .where(CardToCardPayment.id == payment_id)
        )
    ).one_or_none()
    return Located(row.storage_key, row.state == "picture") if row is not None else None


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
