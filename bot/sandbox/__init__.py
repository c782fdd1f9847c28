"""A Telegram for development, demonstration and tests: the Bot API on one side, people on the other."""

from __future__ import annotations

from bot.sandbox.server import Sandbox, run_sandbox

__all__ = ["Sandbox", "run_sandbox"]
