"""Frozen records of the three collections: activations, experiments and claims."""
