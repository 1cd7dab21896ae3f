"""The command ``signl``: what is done beside the workflow, a module for each subcommand."""
