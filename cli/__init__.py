"""The command ``flowc``: one file per command, each imported when it is called."""
