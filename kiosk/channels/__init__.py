"""The ways out of the program: text messages and what shows them, each behind a port of the services."""
