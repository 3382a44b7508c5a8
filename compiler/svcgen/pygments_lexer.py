"""Colours IDL in documentation: a lexer for Pygments, which finds it by entry point. Nothing else imports this."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, words
from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, Punctuation, String, Whitespace

KEYWORDS = (
    *("package", "import", "as", "alias", "enum", "closed", "struct", "union", "error", "event", "service"),
    *("reserved", "rpc", "oneway", "throws", "stream", "publishes", "subscribes", "uses", "http", "body", "status"),
    *("route", "socket", "receives", "sends", "timer", "every", "cron", "tz"),
)
TYPES = (
    *("bool", "int", "float", "decimal", "str", "bytes", "uuid", "timestamp", "date", "time", "duration", "any"),
    *("list", "set", "map"),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class SvcgenLexer(RegexLexer):
    """The IDL of svcgen. Keywords are contextual: before a colon, `status` is a field."""

    name = "svcgen"
    aliases: ClassVar[list[str]] = ["svcgen"]
    filenames: ClassVar[list[str]] = ["*.idl"]
    url = "https://pypi.org/project/svcgen/"

    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"////.*?$", Comment.Single),
            (r"///.*?$", String.Doc),
            (r"//.*?$", Comment.Single),
            (r'"(?:[^"\\\r\n]|\\[^\r\n])*"', String.Double),
            (r"@[A-Za-z_]\w*", Name.Decorator),
            (r"([A-Za-z_]\w*)(\s*)(:)", bygroups(Name.Attribute, Whitespace, Punctuation)),
            (r"-?[0-9]+\.[0-9]+", Number.Float),
            (r"-?[0-9]+(?:ms|s|m|h|d)\b", Literal.Date),
            (r"-?[0-9]+", Number.Integer),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
            (words(TYPES, suffix=r"\b"), Keyword.Type),
            (words(METHODS, suffix=r"\b"), Name.Constant),
            (words(KEYWORDS, suffix=r"\b"), Keyword),
            (r"[A-Za-z_]\w*", Name),
            (r"->|\.\.|[=|?<>]", Operator),
            (r"[{}()\[\],.:]", Punctuation),
        ]
    }
