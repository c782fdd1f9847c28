"""A chosen plan, from the tap to what was bought."""
