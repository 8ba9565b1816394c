"""The central side: takes sealed records from kiosks, decides them, and answers; on PostgreSQL."""
