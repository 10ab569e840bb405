"""flowc's benchmarks: `python -m benchmarks [NAME…]`. Both sides of each comparison run in turn in one run; figures are medians."""
