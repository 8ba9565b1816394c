"""Pages that only a kiosk without staff has."""
