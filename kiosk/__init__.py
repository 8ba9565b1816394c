"""The registration kiosk without a face: rules, use cases, store and channels."""

__version__ = "0.1.0"
