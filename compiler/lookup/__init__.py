"""Questions about a text that is being written: what is at a place, where a name is used, what may stand here.

Everything here works on the tree that the parser recovers, so that a text with mistakes has answers too, and knows no editor's protocol.
:mod:`.symbols` says what names are, :mod:`.indexing` finds them in one file, :mod:`.project` joins files by their includes,
and :mod:`.observing` asks the compiler what expressions are worth.
"""
