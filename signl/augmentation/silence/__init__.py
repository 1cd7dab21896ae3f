"""Silence at the ends, cut away."""
