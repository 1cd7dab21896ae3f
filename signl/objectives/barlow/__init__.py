"""Barlow Twins: cross-correlation of two views."""
