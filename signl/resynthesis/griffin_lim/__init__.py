"""Magnitudes whose phases are found anew (Griffin and Lim 1984)."""
