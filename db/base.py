"""The declarative base, and constraint names that never collide."""

from __future__ import annotations

from typing import Any

from advanced_alchemy.base import CommonTableAttributes
from advanced_alchemy.mixins import AuditColumns
from sqlalchemy import BigInteger, ForeignKey, Identity, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

# Every unique constraint of a tenant's table starts with bot_id, so a name made of the
# first column alone (SQLAlchemy's usual recipe) would repeat. Name all the columns.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(CommonTableAttributes, DeclarativeBase):
    """The one metadata of the schema."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMES)


class Row(AuditColumns, Base):
    """A table with a BIGINT identity key and its two timestamps in UTC."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True, sort_order=-10)


class BotOwned(Base):
    """A row that belongs to exactly one shop. ``db.tenancy`` scopes every query on it, and so does
    the row-level policy that the migrations put on its table."""

    __abstract__ = True

    @declared_attr
    @classmethod
    def bot_id(cls) -> Mapped[int]:
        primary: Any = getattr(cls, "__bot_id_is_key__", False)
        return mapped_column(
            BigInteger,
            ForeignKey("bots.id", ondelete="RESTRICT"),
            primary_key=bool(primary),
            sort_order=-9,
        )


class BotRow(Row, BotOwned):
    """A tenant's table with its own identity key."""

    __abstract__ = True
