"""What is kept: SQLAlchemy tables, Alembic migrations, repositories."""
