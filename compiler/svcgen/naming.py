"""How an IDL name is spelt in Python: one rule per scope. Wire names never change; docs/compiler.md tells the rules.

A name that Python, the structs or the stubs already use in its scope gets a trailing `_`. Names must not depend on the
Python that runs the compiler, so the standard library and the built-ins are listed here as of Python 3.11 to 3.13.
"""

import keyword
import re
from collections.abc import Container


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES = ("types", "contract", "service", "client")
"""Modules of a generated package, beside its `__init__`."""

_BUILTINS = _words(
    """ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
    ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup
    FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning
    IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
    ModuleNotFoundError NameError NotADirectoryError NotImplemented NotImplementedError OSError OverflowError
    PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError
    ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError
    SystemExit TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError
    UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii
    bin bool breakpoint bytearray bytes callable chr classmethod compile complex delattr dict dir divmod enumerate eval
    exec filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len
    list locals map max memoryview min next object oct open ord pow print property range repr reversed round set setattr
    slice sorted staticmethod str sum super tuple type vars zip"""
)

_STANDARD_LIBRARY = _words(
    """abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
    builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall
    concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm
    decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput
    fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq
    hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3
    linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt
    multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib
    pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd
    py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy
    sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd
    sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau
    symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit
    tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata
    unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp
    zipfile zipimport zlib zoneinfo"""
)
_OUR_DEPENDENCIES = _words("amqp click eventlet jinja2 kombu lark msgspec pamqp svcgen svcidl svcrt werkzeug")

_ANNOTATIONS = _words("bool bytes dict float int list object set str")
"""Built-ins that annotations of a class need: an attribute of that name would stand in front of them."""

DECLARATIONS = _BUILTINS | frozenset(MODULES) | {"annotations", "TYPE_CHECKING"}
FIELDS = _ANNOTATIONS | {"self"}
ERROR_FIELDS = FIELDS | _words("add_note args fields_type retryable status super wire_name with_traceback")
PARAMETERS = FIELDS | {"timeout"}
ROUTE_PARAMETERS = PARAMETERS | {"request"}
SOCKET_PARAMETERS = PARAMETERS | {"socket"}
MEMBERS = _ANNOTATIONS | _words("contract futures property publish")
ANNOUNCEMENTS = _ANNOTATIONS

STUB_SUFFIXES = ("Base", "Client", "Futures", "AsyncClient", "Publisher")
"""What generated classes append to the name of their service."""
FIELDS_SUFFIX = "Fields"
"""What the struct of an error's fields appends to the name of the error."""


def spelled(name: str, reserved: Container[str] = ()) -> str:
    """Return the Python name of `name` in a scope where `reserved` is taken.

    A leading `_` moves to the end: Python and its checkers would treat the name as private.
    """
    spelling = name
    if name.startswith("_"):
        rest = name.lstrip("_")
        spelling = f"{rest}_" if rest and not rest[0].isdigit() else f"x{rest}_"
    while keyword.iskeyword(spelling) or spelling in reserved:
        spelling += "_"
    return spelling


def unused(name: str, taken: Container[str]) -> str:
    """Return `name` with as many trailing `_` as it takes not to be in `taken`."""
    while name in taken:
        name += "_"
    return name


def python_package(package: str) -> str:
    """Return the dotted Python name of an IDL package: `acme.class.v1` is `acme.class_.v1`."""
    first, *rest = package.split(".")
    return ".".join([spelled(first, _STANDARD_LIBRARY | _OUR_DEPENDENCIES), *map(spelled, rest)])


def snake_case(name: str) -> str:
    """Return `OrderPlaced` as `order_placed`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def camel_case(name: str) -> str:
    """Return `on_payment` as `OnPayment`."""
    return "".join(part[0].upper() + part[1:] for part in name.split("_") if part)


def constant(name: str) -> str:
    """Return `OrderPlaced` as `ORDER_PLACED`: enum members, and the tables in contract.py."""
    return snake_case(name).upper()
