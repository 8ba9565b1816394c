"""The desk of the branch: what waits for a person at the hub, on the pages of the kiosk."""
