"""Brokers through kombu: connections, producers, publishing with a retry policy, and what a worker receives.

Everything that leaves or enters is an :class:`~flowc.runtime.broker.interface.Envelope` or a
:class:`~flowc.runtime.broker.interface.Delivery`; which transport carries it is known in this package alone.
"""
