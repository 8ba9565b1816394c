"""The hub's fixtures: a real PostgreSQL, and a hub that answers over HTTP on this machine."""

from tests.hub.conftest import database, engine, hub, key_file, served

__all__ = ["database", "engine", "hub", "key_file", "served"]
