"""The table of stable diagnostic codes of the language. A code is never reused and never changes its meaning.

Each has a page with examples in svcidl/explanations; docs/diagnostics.md is made from both. The codes of rules, of the
linter and of `svcgen breaking`, stand with the rule that raises them.
"""

import re

CODES: dict[str, str] = {
    # E01 syntax
    "E0101": "Something else stands here than the grammar expects.",
    "E0102": "A punctuation mark, a bracket or a keyword is missing.",
    "E0103": "A character that has no meaning in the language.",
    "E0104": "A string is not closed on its line.",
    "E0105": "A string holds an escape that JSON does not have, or half of a surrogate pair.",
    "E0106": "The file is not valid UTF-8.",
    "E0107": "A keyword is misspelt.",
    "E0108": "Two things on one line lack their separator.",
    "E0109": "Types nest too deeply.",
    "E0110": "A number is written in a form that the language does not have.",
    "E0111": "Documentation and annotations stand in the wrong order or where none may stand.",
    "E0112": "The package declaration is missing.",
    # E02 names and imports
    "E0201": "A name is unknown: no type, error, event, service or import is called so.",
    "E0202": "A name stands for something of another kind than is expected here.",
    "E0203": "A name is declared or imported twice in one file.",
    "E0204": "Two files of a run have the same package.",
    "E0205": "An imported file cannot be read.",
    "E0206": "A file or folder given to the command cannot be read.",
    "E0207": "The imported file declares no such name.",
    "E0208": "The name belongs to the language and cannot be declared.",
    "E0209": "A name starts with two underscores.",
    "E0210": "Two fields, values, parameters or members have one name.",
    "E0211": "A reserved name is used again.",
    "E0212": "Two fields, values or parameters meet in one name on the wire.",
    "E0213": "Two names meet in one Python name.",
    "E0214": "Data types of packages depend on each other in a circle.",
    "E0215": "A file imports itself.",
    # E03 types, defaults, constraints
    "E0301": "A type contains itself without end.",
    "E0302": "Aliases stand for each other in a circle.",
    "E0303": "A `?` stands where a type cannot be optional, or stands twice.",
    "E0304": "A set holds something else than scalars or enums.",
    "E0305": "A map key is something else than str, int, uuid or an enum.",
    "E0306": "A type takes another number of types in `<…>`.",
    "E0307": "A type does not take this constraint.",
    "E0308": "A range is reversed, empty or outside what the type can hold.",
    "E0309": "A decimal lacks its precision and scale, or they are impossible.",
    "E0310": "A pattern is not a regular expression that Python and JavaScript read alike.",
    "E0311": "A format is unknown.",
    "E0312": "A variant is not a struct of the same file, or stands twice.",
    "E0313": "A variant has a field whose wire name is `type`, which carries the tag.",
    "E0314": "Two variants of a union have the same tag.",
    "E0315": "A default does not fit its type.",
    "E0316": "A type cannot have a default.",
    "E0317": "An enum has no values.",
    "E0318": "An error's template names no field of the error.",
    "E0319": "An integer does not fit 64 bits.",
    "E0320": "A socket carries something else than structs or unions.",
    # E04 HTTP
    "E0401": "A path is malformed.",
    "E0402": "A path names a parameter that the member does not have.",
    "E0403": "A path parameter is not a required scalar or enum.",
    "E0404": "A body is not possible here, or names no parameter.",
    "E0405": "A query parameter has a type that a query cannot carry.",
    "E0406": "A header parameter has a type or a name that a header cannot have.",
    "E0407": "An HTTP method is unknown.",
    "E0408": "An HTTP status is not possible here.",
    "E0409": "Two routes can match the same request.",
    "E0410": "A parameter is taken from two places, or two parameters from one.",
    # E05 events, timers, policies
    "E0501": "A duration is malformed, or not above zero.",
    "E0502": "A cron expression is malformed, or never fires.",
    "E0503": "A time zone is unknown.",
    "E0504": "A policy refuses this value.",
    "E0505": "An event is published twice by one service.",
    "E0506": "An error or a service is named twice in one list.",
    "E0507": "The name of a queue would exceed 255 bytes.",
    "E0508": "Two handlers of one service are singleton handlers of one event.",
    # E06 annotations
    "E0601": "An annotation is unknown.",
    "E0602": "An annotation stands where it has no meaning.",
    "E0603": "An annotation has wrong arguments.",
    "E0604": "An annotation is repeated.",
    # L lint
    "L0101": "Documentation stands where it documents nothing.",
}

FAMILIES: dict[str, str] = {
    "E01": "Syntax",
    "E02": "Names and imports",
    "E03": "Types, defaults, constraints",
    "E04": "HTTP",
    "E05": "Events, timers, policies",
    "E06": "Annotations",
    "L01": "Lint",
    "B01": "Breaking changes",
}
"""Titles of the groups of codes, by what their codes begin with."""

_OF_A_RULE = re.compile(r"[LB][0-9]{4}")


def is_code(code: str) -> bool:
    """Tell whether this is a code of the language, or has the form of a rule's."""
    return code in CODES or _OF_A_RULE.fullmatch(code) is not None
