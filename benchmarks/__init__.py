"""Speed and accuracy over commits (asv), and races within one run (plain scripts)."""
