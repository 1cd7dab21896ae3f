"""Another speed, of which pitch and length follow."""
