"""Where results are kept, and how their owners wait for them. One interface, a file for each store."""
