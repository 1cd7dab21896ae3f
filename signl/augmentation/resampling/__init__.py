"""A lower sample rate, and back."""
