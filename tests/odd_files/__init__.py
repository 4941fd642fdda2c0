"""Files as people bring them, built by code that is smaller than the files."""
