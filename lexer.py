"""Colours for flows in documentation: a lexer for Pygments, which finds it by the name ``flowc`` or a file's ending ``.flow``.

Pygments is imported here alone, and this module by nothing of flowc's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Text

_KEYWORDS = ("as", "else", "for", "from", "if", "import", "include", "return", "when", "each")
_FUNCTIONS = (
    *("range", "len", "zip", "enumerate", "min", "max", "sum", "sorted", "str", "int", "float", "env", "secret"),
    *("map", "starmap", "chunks"),
)
_TYPES = ("int", "float", "str", "bool", "bytes", "date", "datetime", "duration", "json", "any", "list", "map", "tuple")


class FlowLexer(RegexLexer):
    """The flow language of flowc."""

    name = "flowc"
    aliases: ClassVar = ["flowc", "flow-dsl"]
    filenames: ClassVar = ["*.flow"]
    mimetypes: ClassVar = ["text/x-flowc"]
    url = "https://pypi.org/project/flowc/"

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\ufeff", Text),
            include("value"),
        ],
        "value": [
            (r"\s+", Text),
            (r"(#[ \t]*)(flow:[ \t]*ignore.*)", bygroups(Comment.Single, Comment.Special)),
            (r"#.*", Comment.Single),
            (r'f"""', String.Interpol, "fstring-triple-double"),
            (r"f'''", String.Interpol, "fstring-triple-single"),
            (r'f"', String.Interpol, "fstring-double"),
            (r"f'", String.Interpol, "fstring-single"),
            (r'"""', String.Doc, "triple-double"),
            (r"'''", String.Doc, "triple-single"),
            (r'"', String.Double, "double"),
            (r"'", String.Single, "single"),
            (r"(\.)(\s*)([^\W\d]\w*)", bygroups(Punctuation, Text, Name.Attribute)),
            (r"(from)([ \t]+)([^\W\d][\w.]*)", bygroups(Keyword.Namespace, Text, Name.Namespace)),
            (r"(include)([ \t]+)(?=[\"'])", bygroups(Keyword.Namespace, Text)),
            (r"(flow)([ \t]+)([^\W\d]\w*)", bygroups(Keyword.Declaration, Text, Name.Function)),
            (r"(param)([ \t]+)([^\W\d]\w*)", bygroups(Keyword.Declaration, Text, Name.Variable)),
            (r"(task)([ \t]+)([^\W\d][\w.]*)", bygroups(Keyword.Declaration, Text, Name.Function)),
            (words(("task", "flow", "param", "defaults"), suffix=r"\b(?!\s*=[^=>])", prefix=r"\b"), Keyword.Declaration),
            (words(("and", "or", "not", "in"), prefix=r"\b", suffix=r"\b"), Operator.Word),
            (words(("true", "false", "null", "now"), prefix=r"\b", suffix=r"\b"), Keyword.Constant),
            (words(_KEYWORDS, prefix=r"\b", suffix=r"\b(?!\s*=[^=>])"), Keyword),
            (r"(:)([ \t]*)(" + "|".join(_TYPES) + r")\b(?![ \t]*[(.])", bygroups(Punctuation, Text, Keyword.Type)),
            (words(_FUNCTIONS, prefix=r"\b", suffix=r"(?=\()"), Name.Builtin),
            (r"_\b", Name.Builtin.Pseudo),
            (r"[^\W\d]\w*(?=[ \t]*\()", Name.Function),
            (r"[^\W\d]\w*", Name),
            (r"\d+-\d\w*(-\w+)*(:\w+)*(\.\d\w*)?([+\-]\d\w*(:\w+)*)?", Number),
            (r"\d[\d_]*(\.\d[\d_]*)?[eE][+\-]\d\w*", Number.Float),
            (r"\d[\d_]*\.\d\w*", Number.Float),
            (r"\d\w*", Number),
            (r"->|=>|!>|\*>|~>", Operator),
            (r"\?\?|==|!=|<=|>=|\*\*|//|\.\.\.|\.\.", Operator),
            (r"[+\-*/%<>=|?]", Operator),
            (r"[()\[\]{},:;.]", Punctuation),
            (r".", Error),
        ],
        "embedded": [
            (r"\}", String.Interpol, "#pop"),
            (r"\{", Punctuation, "braces"),
            include("value"),
        ],
        "braces": [
            (r"\}", Punctuation, "#pop"),
            (r"\{", Punctuation, "#push"),
            include("value"),
        ],
        "escape": [(r"\\(u[0-9a-fA-F]{4}|.)", String.Escape), (r"\\\n", String.Escape)],
        "double": [include("escape"), (r'"', String.Double, "#pop"), (r'[^"\\\n]+', String.Double), default("#pop")],
        "single": [include("escape"), (r"'", String.Single, "#pop"), (r"[^'\\\n]+", String.Single), default("#pop")],
        "triple-double": [include("escape"), (r'"""', String.Doc, "#pop"), (r'[^"\\]+|"', String.Doc)],
        "triple-single": [include("escape"), (r"'''", String.Doc, "#pop"), (r"[^'\\]+|'", String.Doc)],
        "hole": [(r"\{\{|\}\}", String.Escape), (r"\{", String.Interpol, "embedded"), (r"\}", String)],
        "fstring-double": [
            include("escape"), include("hole"), (r'"', String.Interpol, "#pop"), (r'[^"\\\n{}]+', String), default("#pop"),
        ],
        "fstring-single": [
            include("escape"), include("hole"), (r"'", String.Interpol, "#pop"), (r"[^'\\\n{}]+", String), default("#pop"),
        ],
        "fstring-triple-double": [include("escape"), include("hole"), (r'"""', String.Interpol, "#pop"), (r'[^"\\{}]+|"', String)],
        "fstring-triple-single": [include("escape"), include("hole"), (r"'''", String.Interpol, "#pop"), (r"[^'\\{}]+|'", String)],
    }  # fmt: skip
