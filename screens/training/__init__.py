"""The classroom on screens: lessons, scenarios, and what came of them."""
