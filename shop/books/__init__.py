"""Every night: do the sums equal the balances, and is the history what it was?"""
