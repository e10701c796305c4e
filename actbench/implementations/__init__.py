"""Somebody's code that computes an activation: libraries', and users' own."""
