"""Graph to pictures."""
