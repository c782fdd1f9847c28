"""The `bot` line of the Procfile: serve every shop's bot until told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys

from db.logs import configure_logging
from db.ports import PortTaken, require_free
from db.process import die_with_parent
from db.ready import ready_or_exit
from db.settings import Settings, settings_or_exit

if sys.platform == "win32":
    from asyncio import run
else:
    from uvloop import run

NOISY = ("aiogram.event", "aiogram.dispatcher")
"""One line an update: ours say what matters."""


def main() -> int:
    die_with_parent()
    settings = settings_or_exit()
    configure_logging(settings)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        require_free(settings.host, settings.bot_port, variable="BOT_PORT")
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ready_or_exit(settings.database_url)
    run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    # Loading aiogram takes seconds; a wrong setting is to be said before.
    from bot.app import BotProcess, place_of  # noqa: PLC0415

    # What is loaded now stays: the collector need not look at it again.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await BotProcess(place_of(settings)).run(stop)


if __name__ == "__main__":
    sys.exit(main())
