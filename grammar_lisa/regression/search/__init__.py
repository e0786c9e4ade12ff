"""The search for formulas: sources of candidates, contexts, the archive."""
