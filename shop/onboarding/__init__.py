"""The way of a fresh shop to its first sale, computed from what the shop has."""
