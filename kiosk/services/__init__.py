"""The use cases: each module takes ports and returns domain objects."""
