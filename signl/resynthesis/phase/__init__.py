"""Magnitudes kept, phases changed."""
