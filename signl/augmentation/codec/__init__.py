"""Lossy coding and decoding."""
