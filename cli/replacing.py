"""Putting a new text in a file's place at once, so that no interruption leaves half a file."""

from __future__ import annotations

import os
import stat
import tempfile

from .exits import Stop


def replace_file(path: str, text: str) -> None:
    """Write a file whole or not at all. What a link leads to is replaced, not the link; the file's permissions stay.

    Raises:
        Stop: it cannot be written.
    """
    real = os.path.realpath(path)
    try:
        mode = _mode(real)
        handle, temporary = tempfile.mkstemp(prefix=".flowc-", dir=os.path.dirname(real))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
            os.chmod(temporary, mode)
            os.replace(temporary, real)
        except BaseException:  # Ctrl-C too: no half-written file stays behind
            os.unlink(temporary)
            raise
    except OSError as error:
        raise Stop(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:  # a NUL in the path
        raise Stop(f"cannot write {path!r}: it is no path") from None


def _mode(path: str) -> int:
    try:
        found = os.stat(path).st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
    if not stat.S_ISREG(found):
        raise OSError("it is not a regular file")
    return stat.S_IMODE(found)
