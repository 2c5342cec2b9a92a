"""How a database of any age becomes one with today's tables: Alembic revisions, run at every start."""
