"""What one can do with a workbench: a class of verbs for each kind, the later ones built on the earlier."""
