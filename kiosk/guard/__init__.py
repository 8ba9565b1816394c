"""The unattended kiosk: a small process that holds the terminal, and a fresh one for each person."""
