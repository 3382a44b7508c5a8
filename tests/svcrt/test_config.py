"""Settings: where they come from, what wins, what is refused."""

from pathlib import Path

import pytest

from svcrt.config import Address, Flag, Settings, load
from svcrt.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "svcgen.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_without_file(tmp_path: Path) -> None:
    configuration = load(tmp_path, environment={})
    assert configuration.settings == Settings()
    assert configuration.file is None
    assert not configuration.is_chosen("http")


def test_every_key_of_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        services = ["greeter:Greeter", "shop.orders:Orders"]
        broker = ["amqp://a/", "amqps://b:5671/vhost"]
        http = "0.0.0.0:80"
        origins = ["https://shop.example", "http://localhost:3000"]
        admin = 8001
        workers = 4
        max_workers = 3
        drain = 0
        heartbeat = 2
        link = "stock"
        encoding = "msgpack"
        queues = "quorum"
        wait_for_service = true
        middleware = ["layers:count", "layers:time"]
        log_level = "debug"
        log_format = "json"
        [config]
        database = "shop.db"
        [config.mail]
        port = 25
        """,
    )
    configuration = load(tmp_path, environment={})
    assert configuration.settings == Settings(
        services=("greeter:Greeter", "shop.orders:Orders"),
        broker=("amqp://a/", "amqps://b:5671/vhost"),
        http=Address("0.0.0.0", 80),
        origins=("https://shop.example", "http://localhost:3000"),
        admin=Address("127.0.0.1", 8001),
        workers=4,
        max_workers=3,
        drain=0.0,
        heartbeat=2,
        link="stock",
        encoding="msgpack",
        queues="quorum",
        wait_for_service=True,
        middleware=("layers:count", "layers:time"),
        log_level="debug",
        log_format="json",
        config={"database": "shop.db", "mail": {"port": 25}},
    )
    assert configuration.file == path
    assert set(configuration.origins.values()) == {str(path)}


def test_flags_win_over_environment_and_that_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "max_workers = 1\ndrain = 1\nheartbeat = 1")
    configuration = load(
        tmp_path,
        environment={"SVCGEN_DRAIN": "2", "SVCGEN_HEARTBEAT": "2", "SVCGEN_LOG_LEVEL": ""},
        flags={"heartbeat": Flag("--heartbeat", "3")},
    )
    settings = configuration.settings
    assert (settings.max_workers, settings.drain, settings.heartbeat, settings.log_level) == (1, 2.0, 3, "info")
    assert configuration.origins["max_workers"] == str(path)
    assert configuration.origins["drain"] == "environment variable SVCGEN_DRAIN"
    assert configuration.origins["heartbeat"] == "--heartbeat"
    assert configuration.origins["log_level"] == "default"


def test_lists_in_the_environment_are_separated_by_commas(tmp_path: Path) -> None:
    settings = load(tmp_path, environment={"SVCGEN_BROKER": "amqp://a, amqp://b", "SVCGEN_SERVICES": "a:B"}).settings
    assert settings.broker == ("amqp://a", "amqp://b")
    assert settings.services == ("a:B",)


@pytest.mark.parametrize("origin", ["*", "https://shop.example", "HTTP://Shop.Example:8080", "http://[::1]:80"])
def test_origins(tmp_path: Path, origin: str) -> None:
    assert load(tmp_path, environment={"SVCGEN_ORIGINS": origin}).settings.origins == (origin,)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", Address("127.0.0.1", 8080)),
        ("8080", Address("127.0.0.1", 8080)),
        ("[::1]:80", Address("::1", 80)),
        ("localhost:0", Address("localhost", 0)),
        ("off", None),
    ],
)
def test_addresses(tmp_path: Path, text: str, address: Address | None) -> None:
    settings = load(tmp_path, environment={"SVCGEN_HTTP": text, "SVCGEN_ADMIN": text}).settings
    assert settings.http == settings.admin == address


def test_tables_of_the_compiler_are_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "svcgen.toml").write_text('max_workers = 3\n[lint]\nselect = ["missing-owner"]\n')
    assert load(tmp_path, environment={}).settings.max_workers == 3


def test_addresses_read_as_in_a_url() -> None:
    assert str(Address("::1", 80)) == "[::1]:80"
    assert str(Address("localhost", 80)) == "localhost:80"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("brokr = 1", "unknown key `brokr`; did you mean `broker`?"),
        ("zebra = 1", "unknown key `zebra`"),
        ("max_workers = 0", "`max_workers` must be a whole number from 1, not `0`"),
        ("max_workers = true", "`max_workers` must be a whole number from 1, not true"),
        ("drain = '5 s'", "`drain` must be a number of seconds from 0, not `5 s`"),
        ("drain = nan", "`drain` must be a number of seconds from 0, not `nan`"),
        ("queues = 'stream'", "`queues` must be one of classic, quorum, not `stream`"),
        ("encoding = 'yaml'", "`encoding` must be one of json, msgpack, not `yaml`"),
        ("link = 'slow'", "`link` must be one of fast, stock, not `slow`"),
        ("heartbeat = 0.5", "`heartbeat` must be a whole number from 1, not `0.5`"),
        ("services = 'greeter'", "`services` must be `module:Class`, as in `greeter:Greeter`, not `greeter`"),
        ("services = [1]", "`services` must be `module:Class`, or a list of such, not a list with a number in it"),
        ("http = {}", "`http` must be HOST:PORT, a port, or `off`, not a table"),
        ("http = 'localhost'", "`http` must be HOST:PORT, a port, or `off`, not `localhost`"),
        ("http = 'localhost:66000'", "`http` must be HOST:PORT, a port, or `off`, not `localhost:66000`"),
        ("origins = 'https://a/'", "`origins` must be `https://host` or `https://host:port` without a path, or `*`"),
        ("origins = ['shop.example']", "or `*` for all, not `shop.example`"),
        ("wait_for_service = 'yes'", "`wait_for_service` must be true or false, not `yes`"),
        ("middleware = 'layers'", "`middleware` must be `module:name`, as in `layers:count_requests`, not `layers`"),
        ("admin = 'ready'", "`admin` must be HOST:PORT, a port, or `off`, not `ready`"),
        ("workers = 0", "`workers` must be a whole number from 1, not `0`"),
        ("log_level = 'loud'", "`log_level` must be one of debug, info, warning, error, not `loud`"),
        ("config = 1", "`config` must be a table, not a number; write it as `[config]`"),
        ("broker = 2001-01-01", "`broker` must be a URL such as `amqp://user:password@host:5672/vhost`, or a list"),
        ("a = = 1", "is not valid TOML"),
        ("config = " + "[" * 20_000, "is not valid TOML"),
        ("drain = " + "9" * 5_000, "is not valid TOML"),
        ("drain = " + "9" * 400, "`drain` must be a number of seconds up to 1000000, not a number of more than twenty"),
        ("drain = 1e300", "`drain` must be a number of seconds up to 1000000, not `1e+300`"),
        ("workers = 100000", "`workers` must be a whole number up to 1000, not `100000`"),
        ("max_workers = 65536", "`max_workers` must be a whole number up to 65535, not `65536`"),
        ("heartbeat = 65536", "`heartbeat` must be a whole number up to 65535, not `65536`"),
        ("http = 'localhost:" + "9" * 5_000 + "'", "`http` must be HOST:PORT, a port, or `off`, not `localhost:99"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, environment={})
    assert str(caught.value).startswith(f"{path}: ")
    assert sentence in str(caught.value)


def test_a_broker_url_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, environment={"SVCGEN_BROKER": "amqp://user:s3/cret@host/"})
    assert "environment variable SVCGEN_BROKER must be a URL such as" in str(caught.value)
    assert "s3" not in str(caught.value)


def test_mistakes_name_variable_and_flag(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^environment variable SVCGEN_MAX_WORKERS must be a whole number"):
        load(tmp_path, environment={"SVCGEN_MAX_WORKERS": "many"})
    with pytest.raises(ConfigError, match=r"^--drain must be a number of seconds from 0, not `-1`"):
        load(tmp_path, environment={}, flags={"drain": Flag("--drain", "-1")})


def test_a_misspelt_variable_is_refused_and_a_foreign_one_is_not(tmp_path: Path) -> None:
    assert load(tmp_path, environment={"SVCGEN_PORT": "tcp://10.0.0.1:80"}).settings == Settings()
    with pytest.raises(ConfigError, match="`SVCGEN_BROKR`; did you mean `SVCGEN_BROKER`"):
        load(tmp_path, environment={"SVCGEN_BROKR": "amqp://a"})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read: No such file"):
        load(tmp_path, file=tmp_path / "absent.toml", environment={})


def test_a_named_file_replaces_the_one_in_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "drain = 1")
    other = tmp_path / "other.toml"
    other.write_text("heartbeat = 2", encoding="utf-8")
    settings = load(tmp_path, file=other, environment={}).settings
    assert (settings.drain, settings.heartbeat) == (30.0, 2)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "svcgen.toml").write_bytes(b"drain = \xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(tmp_path, environment={})


def test_a_port_of_thousands_of_digits(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SVCGEN_HTTP must be HOST:PORT"):
        load(tmp_path, environment={"SVCGEN_HTTP": "9" * 5_000})


def test_a_folder_or_a_dangling_link_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "svcgen.toml"
    path.mkdir()
    with pytest.raises(ConfigError, match=r"svcgen\.toml: cannot be read: Is a directory"):
        load(tmp_path, environment={})
    path.rmdir()
    path.symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"svcgen\.toml: cannot be read: No such file"):
        load(tmp_path, environment={})
