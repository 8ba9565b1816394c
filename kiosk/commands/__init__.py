"""The commands: each module reads its arguments, calls the services and prints the answer."""
