"""What happens around every handler, from the outside in: refusals, shop, person, pace, answer."""
