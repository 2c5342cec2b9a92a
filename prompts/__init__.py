"""What callers hear that nobody says: prompts in three languages, tones, hold music."""
