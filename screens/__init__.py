"""The face of the kiosk: pages that draw themselves on one sheet; the only code that knows Textual."""
