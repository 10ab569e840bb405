"""Source text to tree: the syntax of the flow language, and nothing of its meaning."""
