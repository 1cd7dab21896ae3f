"""The corpora: each one file; and manifests, packing, locating and checking for all of them."""
