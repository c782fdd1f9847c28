"""The shops themselves: opening one, connecting its bot, pausing and closing it; the master's shop."""
