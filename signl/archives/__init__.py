"""Readers of archives, tars, zips, spanned zips and folders; they know no corpus."""
