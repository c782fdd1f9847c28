"""Column vocabulary by meaning, so that a mapping reads as a sentence."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from advanced_alchemy.types import DateTimeUTC
from sqlalchemy import BigInteger, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

TelegramId = Annotated[int, mapped_column(BigInteger)]
"""A chat or person on Telegram; larger than 32 bits, negative for groups."""

MinorUnits = Annotated[int, mapped_column(BigInteger)]
"""Money: an integer of the shop's currency in its minor unit (IRT: one Toman)."""

Bytes = Annotated[int, mapped_column(BigInteger)]
"""A count of bytes."""

Count = Annotated[int, mapped_column(BigInteger, default=0, server_default=text("0"))]
"""A counter that starts at nought."""

Utc = Annotated[datetime, mapped_column(DateTimeUTC(timezone=True))]
"""An instant in UTC; a naive datetime is refused."""

Words = Annotated[str, mapped_column(Text)]
"""Text of any length; its limits are the business of the rule that accepts it."""

Digest = Annotated[bytes, mapped_column(LargeBinary)]
"""A hash: 32 bytes of SHA-256, keyed or not."""

Sealed = Annotated[bytes, mapped_column(LargeBinary)]
"""A secret as ``db.crypto.Vault.seal`` made it. Never plain text."""

Json = Annotated[dict[str, Any], mapped_column(JSONB, default=dict, server_default=text("'{}'::jsonb"))]
"""A JSON object, empty unless given."""

Yes = Annotated[bool, mapped_column(default=True, server_default=text("true"))]
No = Annotated[bool, mapped_column(default=False, server_default=text("false"))]
