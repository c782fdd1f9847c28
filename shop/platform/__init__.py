"""The platform above the shops: the master's list of them, and his looking into one."""
