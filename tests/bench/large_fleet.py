"""``python -m tests.bench.large_fleet``: the bot process as it is, but for the stagger of its start.

Starting four bots a second spares Telegram; two thousand of them would take longer than the bench.
"""

from __future__ import annotations

import sys

import bot.fleet
from bot.__main__ import main

if __name__ == "__main__":
    bot.fleet.STARTS_A_SECOND = 25
    sys.exit(main())
