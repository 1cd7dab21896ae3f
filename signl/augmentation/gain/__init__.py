"""Another level."""
