"""Another duration, or another pitch."""
