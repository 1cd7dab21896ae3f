"""Reverberation by measured impulse responses."""
