"""Codecs: payload bytes to samples and back, for all rows of one codec at once."""
