"""What a caller hears and keys before and beside the room."""
