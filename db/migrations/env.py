"""Alembic's entry: ``db.migrate`` hands over a connection; there is no ini file to keep in step."""

from __future__ import annotations

from alembic import context

import db.models  # noqa: F401  (fills the metadata)
from db.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
