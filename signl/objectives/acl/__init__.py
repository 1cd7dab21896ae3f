"""SSL-ACL: NT-Xent of projections, and an angular margin between embeddings."""
