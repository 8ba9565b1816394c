"""The rules of registration: standard library only, no clock, no input or output."""
