"""Somebody's code that computes a function: one record, and one adapter a library, ours and users' own included.

`Implementation` is what is measured, raced, compared and audited. `adapters` holds a file for each library, found by
lying there; `libraries` asks them for what they have for a row.
"""
