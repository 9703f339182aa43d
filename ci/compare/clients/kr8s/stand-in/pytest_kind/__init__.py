"""Stands in for the package of this name: the cluster that kr8s' tests ask for is the embedded API server instead of kind."""
