"""Corpora that a table of the user's describes."""
