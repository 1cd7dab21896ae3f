"""A random equaliser."""
