"""Statistics of several front-ends side by side, as one front-end."""
