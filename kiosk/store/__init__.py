"""The store: the only code that knows SQLModel, SQLAlchemy and SQLCipher."""
