"""Figures: how long things took, and how several of them are summed up."""
