"""Lossy coding at low bit rates."""
