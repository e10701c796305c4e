"""N-layer networks, batched over independently seeded networks: what flows through a stack of one activation."""
