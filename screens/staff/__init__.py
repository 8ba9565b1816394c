"""The pages of the staff: first start, signing in, lock, hand-over, end of day, accounts, void, signs."""
