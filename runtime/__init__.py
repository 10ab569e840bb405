"""Plans become work here: applications and their tasks, the engine that drives a plan, and the worker that runs its calls.

Nothing is imported eagerly: ``import flowc.runtime.app`` costs no broker.
"""
