"""Log records as messages for the log panel, from whatever thread they come."""

import logging

from aeviz.mailbox import Mailbox
from aeviz.messages import Logged

LONGEST = 4000
"""Characters of a record at most: a library may log a whole array."""


class OutboxHandler(logging.Handler):
    """Posts every record as `Logged`; a traceback stays out of it, `Failed` carries those.

    Args:
        outbox: Where they go.
        level: Records below are ignored.
    """

    def __init__(self, outbox: Mailbox, level: int = logging.INFO) -> None:
        super().__init__(level)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        """Post a record; one that cannot be formatted is shown as it is."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        self._outbox.post(
            Logged(
                level=record.levelno,
                name=record.name,
                text=text[:LONGEST],
                time=record.created,
            )
        )
