"""Sealed records between a kiosk and the hub: their form, and the carriers that take them there."""
