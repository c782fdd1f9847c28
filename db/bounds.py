"""How long the server itself bears with a connection of ours, whatever became of the other end.

Our own patience (``db.engine``) ends the waiting of whoever asked. These end it for everybody else: locks
that a client behind a dead network still holds, and above all the lead of the fleet, which nobody can take
over before the server has let go of it. Sent with every connection, so that no server needs to be set up.
"""

from __future__ import annotations

SERVER_BOUNDS = {
    # A little more than our own patience: the driver cancels first, and says why.
    "statement_timeout": "6s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    # Also while a statement waits for a lock, somebody looks whether its client is still there.
    "client_connection_check_interval": "1s",
    # A peer that is silent for nine seconds is gone. Nothing on a socket of the same machine needs them.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "2",
    "tcp_user_timeout": "9000",
}
"""PostgreSQL's settings by name. Any role may make them for itself."""
