"""Benchmarks: each prints its figure beside its bar. Figures are ratios in CPU time within one run."""
