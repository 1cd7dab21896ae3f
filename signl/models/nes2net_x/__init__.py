"""Nes2Net-X: groups of channels in a chain of blocks, each of which is such a chain again."""
