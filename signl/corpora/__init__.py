"""The published corpora: their archives, protocols and the tables made from them."""
