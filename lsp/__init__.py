"""A server of the Language Server Protocol: what :mod:`flowc.compiler.lookup` knows of a text, in the protocol's words."""
