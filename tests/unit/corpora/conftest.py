"""Small archives in the published forms."""

from small_archives import all_archives, archives, published

__all__ = ["all_archives", "archives", "published"]
