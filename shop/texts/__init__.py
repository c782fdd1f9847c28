"""What the bot says, and a shop's own words in place of ours, sentence by sentence."""
