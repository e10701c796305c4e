"""Estimates with their intervals, what a number of networks could show, and ranks of paired scores."""
