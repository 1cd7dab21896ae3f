"""The objectives of pre-training, each in a room of its own, and the diagnostics of collapse."""
