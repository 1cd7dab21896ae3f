"""Models of the published implementation: its checkpoints, and what they become here."""
