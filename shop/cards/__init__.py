"""The cards customers pay to: kept sealed, shown in turn, counted by day."""
