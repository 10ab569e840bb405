"""Builds the folder that an editable install puts on the path.

The repository root is the package ``flowc``, which a plain path entry cannot say. So the parts that the wheel
would hold are linked below ``.editable/flowc``, and ``.editable`` is what the install adds to ``sys.path``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditableLinks(BuildHookInterface):  # type: ignore[type-arg]
    """Links the package's parts, for editable installs only."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before a build; ``version`` is ``editable`` or ``standard``."""
        if version == "editable":
            link_parts(Path(self.root), self.build_config.target_config["only-include"])


def link_parts(root: Path, parts: list[str]) -> None:
    """Make ``.editable/flowc`` hold one relative link per part, and nothing else; links that are right stay untouched."""
    folder = root / ".editable" / "flowc"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        if stale.name not in parts and stale.is_symlink():
            stale.unlink()
    for part in parts:
        link, target = folder / part, os.path.join("..", "..", part)
        if link.is_symlink() and os.readlink(link) == target:
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=(root / part).is_dir())
