"""Family F07, files, includes and parameters."""

from __future__ import annotations

from .entry import Code

_COMMON = "=== common.flow\nflow cleanup():\n    return sweep()\n"

CODES: tuple[Code, ...] = (
    Code("F0701", "A file that cannot be read", "cannot read `{path}`: {why}", "The file does not exist, or may not be read by this user.",
         bad='include "commno.flow" as common\n\ncommon.cleanup()\n' + _COMMON, good='include "common.flow" as common\n\ncommon.cleanup()\n' + _COMMON),
    Code("F0702", "A folder instead of a file", "`{path}` is a folder",
         "An include names one file. (On the command line, `check` and `fmt` take folders: every `*.flow` file below.)"),
    Code("F0703", "A file that is too large", "`{path}` is larger than {most}",
         "Flow files are read whole; a limit keeps hostile ones out. Lists that long belong into a parameters file or a task's result."),
    Code("F0704", "A file that is not UTF-8", "`{path}` is not UTF-8: line {line} has a byte {byte} that cannot stand there",
         "Flow files are UTF-8 texts. Convert the file, or check that it is a flow at all."),
    Code("F0705", "Not a regular file", "`{path}` is not a regular file", "Devices, pipes and sockets are not read: they may never end."),
    Code("F0706", "An include outside its folder", "`{path}` is not below the folder `{root}`",
         "Includes are regular files below the folder of the file on the command line (or `--include-root`), and no links out of it: a flow "
         "cannot read other files of the machine.",
         bad='include "../secrets.flow" as secrets\n\nsecrets.go()\n', good='include "common.flow" as common\n\ncommon.cleanup()\n' + _COMMON),
    Code("F0707", "An include that is no flow", "`{path}` does not end in `.flow`",
         "Only flow files can be included, so that nothing of any other file can show up in a message.",
         bad='include "notes.txt" as notes\n\nnotes.go()\n', good='include "common.flow" as common\n\ncommon.cleanup()\n' + _COMMON),
    Code("F0708", "Nothing to include from", "`{path}` cannot be included: this text comes from no file",
         "Includes are found beside the including file. For a text (standard input, `flowc.loads`) name a file with `--stdin-filename`."),
    Code("F0709", "Files that include each other", "these files include each other: {path}", "Move what both need into a third file.",
         bad='include "b.flow" as b\n\nb.go()\n=== b.flow\ninclude "c.flow" as c\nflow go():\n    return c.go()\n=== c.flow\n'
             'include "b.flow" as b\nflow go():\n    return b.go()\n',
         good='include "b.flow" as b\n\nb.go()\n=== b.flow\ninclude "c.flow" as c\nflow go():\n    return c.go()\n=== c.flow\n'
              "flow go():\n    return work()\n"),
    Code("F0710", "A step in an included file", "an included file runs nothing: steps and values stand in its flows, or behind a name",
         "Including a file must not start anything. Wrap the steps into a `flow` and call it.",
         bad='include "common.flow" as common\n\ncommon.cleanup()\n' + _COMMON + "\nsweep()\n",
         good='include "common.flow" as common\n\ncommon.cleanup()\n' + _COMMON),
    Code("F0711", "Too many includes", "more than {most} files are included, or more than {deep} in a row",
         "Files that include each other twice multiply. Include what is shared once."),
    Code("F0712", "A parameter without a value", "the parameter `{name}` has no default and needs a value",
         "A parameter without a default gets its value with `-p name=value`, or from a file with `--params`. Those of an included file are "
         "called `ns.name`."),
    Code("F0717", "An unknown parameter", "the flow has no parameter {names}",
         "What is given with `-p` or in a parameters file must be a parameter of the flow. Those of an included file are called `ns.name`."),
    Code("F0713", "A value that a parameter cannot have", "the value given for `{name}` does not fit: {why}",
         "What is given with `-p` or in a parameters file is checked against the parameter's type and converted."),
    Code("F0714", "A variable that may not be read", "the variable `{name}` is not listed, so it may not be read",
         'A flow reads only those variables of the environment that `[tool.flowc] env = ["NAME"]` in pyproject.toml lists: a flow from elsewhere '
         "must not carry off what it finds there.",
         bad='work(env("HOME"))\n', good="param home: str = \"/srv\"\nwork(home)\n"),
    Code("F0718", "Not a declaration of a task", "a file of stubs only declares tasks; {what} has no place in it",
         "`--stubs` and `stubs` in `[tool.flowc]` name files that `flowc stubs` writes: declarations of tasks, and includes of other such files."),
    Code("F0715", "A default of the wrong type", "this default does not fit the parameter's type: {why}", "A default is a value of the parameter's own type.",
         bad='param shards: int = "four"\nwork(shards)\n', good="param shards: int = 4\nwork(shards)\n"),
    Code("F0716", "A step in a default", "a default is a value; it cannot be a step or the result of one",
         "Defaults of parameters are known before anything runs.",
         bad="param size: int = count()\nwork(size)\n", good="param size: int = 5\nwork(size)\n"),
)  # fmt: skip
