"""Comparisons: many trainings and searches in one folder, and the tables of what they reach."""
