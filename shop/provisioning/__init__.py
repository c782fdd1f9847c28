"""Making what was bought: the port and its one implementation today, stock."""
