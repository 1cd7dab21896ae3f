"""SimCLR: each view finds its partner among all views of the batch."""
