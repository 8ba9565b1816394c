"""The counter's staff on a real store: accounts, turns, acts of two, signs of misuse."""
