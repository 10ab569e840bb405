"""Calls as values: signatures, and what is made of them: chains, groups, chords, maps and chunks.

A signature is a dict in the form that Celery's have on the wire. A canvas holds the signatures that it was given; sending it
(:mod:`.launching`) changes none of them. Before it is sent it is lowered to a flat list of calls and fans (:mod:`.lowering`), in
which a chord is a fan followed by its body, so that ten thousand steps need neither recursion nor copies of copies.
"""

from __future__ import annotations

from .chain import chain
from .chord import chord
from .group import group
from .mapping import chunks, xmap, xstarmap
from .plain import plain
from .signature import Signature, maybe_signature, signature

__all__ = ["Signature", "chain", "chord", "chunks", "group", "maybe_signature", "plain", "signature", "xmap", "xstarmap"]
