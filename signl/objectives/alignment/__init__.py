"""The published loss of SIGNL: alignment of two views."""
