"""Dashboard people: who may come in, with which key, and what they may do."""
