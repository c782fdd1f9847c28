"""How the shop is doing: what waits, what was sold, what happened last."""
