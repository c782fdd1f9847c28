"""Take the guards of the money path out, one at a time: the suite must notice each. ``make sabotage``."""
