"""Rows as machine code: fused, vectorised loops."""
