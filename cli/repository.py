"""Where the repository is whose service shows the findings."""

from __future__ import annotations

import os

#: Variables in which a CI service says where the repository is.
ROOT_VARIABLES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def repository_root() -> str:
    """The absolute path of the folder that reports name files from.

    It is what the CI service says, if the current folder is in it; or the closest folder, from the current one up, that holds ``.git``;
    or the current one.
    """
    here = os.getcwd()
    for variable in ROOT_VARIABLES:
        said = os.environ.get(variable, "")
        if os.path.isabs(said):
            root = os.path.realpath(said)
            if here == root or here.startswith(root.rstrip(os.sep) + os.sep):
                return root
    folder = here
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return here
        folder = above
    return folder
