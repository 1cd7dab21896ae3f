"""Copies of an utterance: through other channels, and through methods of synthesis."""
