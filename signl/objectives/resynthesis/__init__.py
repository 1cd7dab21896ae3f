"""Recordings against their resynthesis."""
