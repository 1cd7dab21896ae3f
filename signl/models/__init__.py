"""The networks, each in a room of its own, with their heads, and models as files."""
