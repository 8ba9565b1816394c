"""The classroom in a browser: pages that show a terminal, and a program of its own for each visitor."""
