"""SQLAdmin's lists over the same two tables, signed in; one shop's rows, as its owner would have them.

Runs in the bench's own environment, like Django's.
"""

from __future__ import annotations

import os

from sqladmin import Admin, ModelView
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy import BigInteger, ForeignKey, func, select
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.applications import Starlette

ROWS = 50
SHOP = int(os.environ["BENCH_SHOP"])


class Base(DeclarativeBase):
    type_annotation_map = {dict: JSONB, int: BigInteger}


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str | None]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    snapshot: Mapped[dict]

    def __str__(self) -> str:
        return self.snapshot["name"]


class Receipt(Base):
    __tablename__ = "card_to_card_payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    bot_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    status: Mapped[str]
    expected_amount: Mapped[int]
    receipt_submitted_at = mapped_column(TIMESTAMP(timezone=True))
    duplicate_suspect: Mapped[bool]
    late: Mapped[bool]
    user: Mapped[User] = relationship()
    order: Mapped[Order] = relationship()


class Movement(Base):
    __tablename__ = "transactions"
    id: Mapped[int] = mapped_column(primary_key=True)
    bot_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    method: Mapped[str]
    amount: Mapped[int]
    balance_after: Mapped[int]
    note: Mapped[str | None]
    created_at = mapped_column(TIMESTAMP(timezone=True))
    user: Mapped[User] = relationship()


class Receipts(ModelView, model=Receipt):
    column_list = (
        *(Receipt.user, Receipt.order, Receipt.expected_amount, Receipt.receipt_submitted_at),
        *(Receipt.status, Receipt.duplicate_suspect, Receipt.late),
    )
    column_default_sort = [("receipt_submitted_at", False), ("id", False)]
    page_size = ROWS

    def list_query(self, _request):
        return select(Receipt).where(Receipt.bot_id == SHOP, Receipt.status == "receipt_submitted")

    def count_query(self, _request):
        return (
            select(func.count())
            .select_from(Receipt)
            .where(Receipt.bot_id == SHOP, Receipt.status == "receipt_submitted")
        )


class Movements(ModelView, model=Movement):
    column_list = (
        *(Movement.created_at, Movement.user, Movement.kind, Movement.method),
        *(Movement.amount, Movement.balance_after, Movement.note),
    )
    column_default_sort = [("created_at", True), ("id", True)]
    page_size = ROWS

    def list_query(self, _request):
        return select(Movement).where(Movement.bot_id == SHOP)

    def count_query(self, _request):
        return select(func.count()).select_from(Movement).where(Movement.bot_id == SHOP)


class Door(AuthenticationBackend):
    async def login(self, request) -> bool:
        form = await request.form()
        request.session["who"] = form["username"]
        return True

    async def logout(self, request) -> bool:
        request.session.clear()
        return True

    async def authenticate(self, request) -> bool:
        return "who" in request.session


def create_app() -> Starlette:
    app = Starlette()
    address = URL.create(
        "postgresql+asyncpg",
        os.environ["BENCH_USER"],
        database=os.environ["BENCH_DATABASE"],
        query={"host": os.environ["BENCH_HOST"]},
    )
    secret = "a secret of the bench that is long enough for every check"
    admin = Admin(
        app, create_async_engine(address, pool_size=10), authentication_backend=Door(secret_key=secret)
    )
    admin.add_view(Receipts)
    admin.add_view(Movements)
    return app
