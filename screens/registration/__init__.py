"""The pages of a registration, one module a step."""
