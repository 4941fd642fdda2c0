"""Plugins that break one rule each."""
