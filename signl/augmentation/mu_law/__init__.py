"""Companding to a few bits."""
