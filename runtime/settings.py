"""What operators set: the workspace's `rulelang.toml`, overridden by `RULELANG_*` environment variables.

Secrets never stand in the file: it names the environment variable or the file that holds each of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, cast

import msgspec

from runtime import providers
from runtime.inbound import Inbound, contradictions
from runtime.providers import Connection, Teams, Twilio

FILE_NAME = "rulelang.toml"
PREFIX = "RULELANG_"
OWN_SECRET = ".rulelang/webhook.secret"
"""Where the server keeps the signing secret that it made itself, relative to the workspace."""

LINKS_SECRET = ".rulelang/links.secret"
"""Where it keeps the secret of the links in its messages."""

Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
Rate: TypeAlias = Annotated[float, msgspec.Meta(gt=0)]
EnvName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")]
"""The name of an environment variable, or "" for none: never the secret itself."""

_DURATION = re.compile(r"^(\d{1,6})(s|m|h|d)$")
_PUBLIC = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class SettingsError(Exception):
    """The settings cannot be used; the message names the file or variable, the key and what to do."""


class Secret(NamedTuple):
    """Where a secret is found: an environment variable, or a file (relative to the workspace)."""

    env: str
    file: str

    def read(self, root: Path, env: Mapping[str, str]) -> str:
        """The secret, or "" when none is configured. Read at each use, so that it may change.

        Raises:
            SettingsError: it is configured but not there.
        """
        if self.env:
            if not env.get(self.env):
                raise SettingsError(f"the environment variable {self.env} is not set")
            return env[self.env]
        return _read_secret_file(root / self.file) if self.file else ""


def _read_secret_file(path: Path) -> str:
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"the secret file {path} cannot be read: {problem}") from None
    if not text:
        raise SettingsError(f"the secret file {path} is empty")
    return text


class Server(msgspec.Struct, frozen=True):
    """Where the pages and the API listen. `watch`: changed files on disk go live by themselves."""

    host: str = "127.0.0.1"
    port: Port = 8080
    watch: bool = True


class Database(msgspec.Struct, frozen=True):
    """The SQLite file, relative to the workspace."""

    path: str = ".rulelang/rulelang.db"


class Mail(msgspec.Struct, frozen=True):
    """How e-mail leaves: into the development mailbox (files under `mailbox`) or by SMTP.

    `public_url` is where this server is found from outside: with it, mail to contacts carries List-Unsubscribe with
    one click (RFC 8058) and ends with a link of the words `unsubscribe_text` ("" for none); `track_opens` and
    `track_clicks` note who opens messages of HTML and follows their links. `unsubscribe_url` is a page of your own in
    the place of ours; it may hold `{contact_id}`.
    """

    transport: Literal["mailbox", "smtp"] = "mailbox"
    sender: str = msgspec.field(default="no-reply@localhost", name="from")
    reply_to: str = ""
    unsubscribe_url: str = ""
    unsubscribe_text: str = "Stop these messages"
    public_url: str = ""
    track_opens: bool = False
    track_clicks: bool = False
    mailbox: str = ".rulelang/mailbox"


class Smtp(msgspec.Struct, frozen=True):
    """The mail server. `timeout` bounds a whole delivery, in seconds; `ca_file` adds a private authority."""

    host: str = ""
    port: Port = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str = ""
    password_env: EnvName = ""
    password_file: str = ""
    ca_file: str = ""
    timeout: Seconds = 60.0

    @property
    def password(self) -> Secret:
        """Where the password is found."""
        return Secret(self.password_env, self.password_file)


class Hyper(msgspec.Struct, frozen=True):
    """The language model behind `send email hyper`: any server with `/v1/chat/completions`.

    Without `base_url` texts are composed offline. `facts` are the contact's fields that the model is told;
    `link_hosts` the hosts that its text may link to; `max_length` bounds the text in characters.
    """

    base_url: str = ""
    model: str = ""
    api_key_env: EnvName = ""
    api_key_file: str = ""
    max_tokens: Count = 600
    timeout: Seconds = 30.0
    brand_voice: str = "brand_voice.md"
    link_hosts: tuple[str, ...] = ()
    facts: tuple[str, ...] = ("first_name", "last_name", "company", "city", "country", "status", "stage")
    max_length: Count = 4000

    @property
    def api_key(self) -> Secret:
        """Where the key is found."""
        return Secret(self.api_key_env, self.api_key_file)


class Slack(msgspec.Struct, frozen=True):
    """Environment variables that hold incoming-webhook addresses: one by channel, and one for all others.

    With a token of a bot, channels without a webhook of their own get their messages through it.
    """

    default: EnvName = ""
    channels: dict[str, EnvName] = {}
    token_env: EnvName = ""
    token_file: str = ""
    base_url: str = "https://slack.com"

    @property
    def token(self) -> Secret:
        """Where the token of the bot is found."""
        return Secret(self.token_env, self.token_file)


class Webhook(msgspec.Struct, frozen=True):
    """How webhooks are signed (Standard Webhooks, a secret like `whsec_…`); `timeout` is in seconds.

    Without a secret of the operator the server makes one at its first start and keeps it in `OWN_SECRET`.
    """

    secret_env: EnvName = ""
    secret_file: str = ""
    timeout: Seconds = 30.0

    @property
    def secret(self) -> Secret:
        """Where the signing secret is found: there always is one."""
        return Secret(self.secret_env, OWN_SECRET if self.makes_its_own else self.secret_file)

    @property
    def makes_its_own(self) -> bool:
        """Whether the operator named no secret, so that the server makes one."""
        return not (self.secret_env or self.secret_file)


class Egress(msgspec.Struct, frozen=True):
    """Where requests may go beyond public https addresses.

    `allow` lists destinations `host:port` that are reached although private, over http too; `allow_http` allows plain
    http everywhere.
    """

    allow: tuple[str, ...] = ()
    allow_http: bool = False


class Engine(msgspec.Struct, frozen=True):
    """How the engine works: inputs in one transaction, the waits between tries, sends a second.

    `retry` is the schedule of tries after the first, as durations. `rates` are sends a second by destination
    (`smtp`, `https://hooks.example.com`); `rate` is for all others.
    """

    batch: Count = 256
    retry: tuple[str, ...] = ("5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h")
    rate: Rate = 50.0
    rates: dict[str, Rate] = {}
    concurrency: Count = 16

    def __post_init__(self) -> None:
        for text in self.retry:
            if not _DURATION.match(text):
                raise ValueError(f"`retry` holds `{text}`, which is no duration such as `30s`, `5m` or `2h`")

    @property
    def retry_seconds(self) -> tuple[float, ...]:
        """The retry schedule in seconds."""
        found = (cast("re.Match[str]", _DURATION.match(text)) for text in self.retry)
        return tuple(float(match[1]) * _UNITS[match[2]] for match in found)


class Settings(msgspec.Struct, frozen=True):
    """All settings of one workspace, with the defaults of everything that the file leaves out."""

    server: Server = Server()
    database: Database = Database()
    mail: Mail = Mail()
    smtp: Smtp = Smtp()
    hyper: Hyper = Hyper()
    slack: Slack = Slack()
    webhook: Webhook = Webhook()
    egress: Egress = Egress()
    engine: Engine = Engine()
    accounts: dict[str, Smtp] = {}
    inbound: dict[str, Inbound] = msgspec.field(default_factory=dict, name="in")
    connections: dict[str, Connection] = {}
    twilio: Twilio = Twilio()
    teams: Teams = Teams()


def load_settings(root: Path, env: Mapping[str, str]) -> Settings:
    """The settings of the workspace in the directory `root`; all defaults when it has no file.

    `RULELANG_SMTP_HOST` overrides `host` of `[smtp]`, and so on; lists are separated by commas.

    Raises:
        SettingsError: with every mistake, one a line.
    """
    path = root / FILE_NAME
    data = _read_file(path)
    problems = [f"{path}: {problem}" for problem in _unknown_keys(data, Settings, "")]
    problems += _override(data, env) if not problems else []
    if problems:
        raise SettingsError("\n".join(problems))
    settings = _convert(data, path)
    problems = [f"{path}: {problem}" for problem in _contradictions(settings)]
    problems += _stray_variables(settings, env)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def missing_secrets(settings: Settings, root: Path, env: Mapping[str, str]) -> list[str]:
    """A sentence for each secret that is configured but not there; for a warning at the start."""
    found = []
    for secret in _secrets(settings):
        try:
            secret.read(root, env)
        except SettingsError as problem:
            found.append(str(problem))
    return found


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsError(f"{path}: {problem}") from None


def _unknown_keys(data: Mapping[str, Any], struct: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    for key, value in data.items():
        if key not in known:
            yield f"`{prefix}{key}` is no setting{_near(key, known, prefix)}"
        elif isinstance(known[key], type) and issubclass(known[key], msgspec.Struct):
            if isinstance(value, dict):
                yield from _unknown_keys(value, known[key], f"{prefix}{key}.")
            else:
                yield f"`{prefix}{key}` is a section: write `[{prefix}{key}]`"


def _near(key: str, known: Mapping[str, Any], prefix: str) -> str:
    close = get_close_matches(key, known, n=1)
    return f"; did you mean `{prefix}{close[0]}`?" if close else f"; there are {', '.join(known)}"


def _variables() -> Iterator[tuple[str, str, msgspec.structs.FieldInfo]]:
    """Every variable that overrides a setting: its name, the section and the field."""
    for section in msgspec.structs.fields(Settings):
        # Tables of tables have names of the operator's own: they are set in the file alone.
        for field in msgspec.structs.fields(section.type) if isinstance(section.type, type) else ():
            if not str(field.type).startswith("dict"):
                yield f"{PREFIX}{section.name}_{field.encode_name}".upper(), section.name, field


def _override(data: dict[str, Any], env: Mapping[str, str]) -> list[str]:
    problems = []
    for name, section, field in _variables():
        if name not in env:
            continue
        try:
            value = msgspec.convert(_split(env[name], field.type), field.type, strict=False)
        except msgspec.ValidationError as problem:
            problems.append(f"{name}: {_lower(str(problem))}")
        else:
            data.setdefault(section, {})[field.encode_name] = value
    return problems


def _split(text: str, wanted: Any) -> str | list[str]:
    if str(wanted).startswith("tuple"):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _convert(data: Mapping[str, Any], path: Path) -> Settings:
    try:
        return msgspec.convert(data, Settings)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at `$.")
        key = f"`{place.rstrip('`')}`: " if place else ""
        raise SettingsError(f"{path}: {key}{_lower(_explain(message))}") from None


def _explain(message: str) -> str:
    if "matching regex" in message and "A-Za-z_" in message:
        return "expected the name of an environment variable, which holds the secret"
    return message


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _contradictions(settings: Settings) -> Iterator[str]:
    if settings.mail.transport == "smtp":
        if not settings.smtp.host:
            yield "`mail.transport` is `smtp`, but `smtp.host` is missing"
        if settings.mail.sender == Mail().sender:
            yield "`mail.transport` is `smtp`, but `mail.from` is missing"
    if settings.mail.public_url and not _PUBLIC.match(settings.mail.public_url):
        yield "`mail.public_url` is an address such as `https://rules.example.com`"
    if (settings.mail.track_opens or settings.mail.track_clicks) and not settings.mail.public_url:
        yield "`mail.track_opens` and `mail.track_clicks` need `mail.public_url`"
    if settings.smtp.username and not any(settings.smtp.password):
        yield "`smtp.username` needs `smtp.password_env` or `smtp.password_file`"
    if settings.hyper.base_url and not settings.hyper.model:
        yield "`hyper.base_url` needs `hyper.model`"
    yield from contradictions(settings.inbound)
    yield from providers.contradictions(settings.connections, settings.twilio)
    if settings.egress.allow:
        yield from _bad_destinations(settings.egress.allow)


def _bad_destinations(entries: tuple[str, ...]) -> Iterator[str]:
    from runtime.egress.guard import EgressPolicy

    for entry in entries:
        try:
            EgressPolicy((entry,))
        except ValueError as problem:
            yield f"`egress.allow`: {problem}"


def _secrets(settings: Settings) -> Iterator[Secret]:
    yield from (settings.smtp.password, settings.hyper.api_key)
    if not settings.webhook.makes_its_own:
        yield settings.webhook.secret
    yield from (account.password for account in settings.accounts.values())
    for address in settings.inbound.values():
        yield Secret(address.secret_env, address.secret_file)
        yield Secret(address.token_env, "")
    for connection in settings.connections.values():
        yield Secret(connection.secret_env, connection.secret_file)
    yield from (settings.slack.token, Secret(settings.twilio.token_env, settings.twilio.token_file))
    for named in (settings.slack, settings.teams):
        yield from (Secret(name, "") for name in (named.default, *named.channels.values()))


def _stray_variables(settings: Settings, env: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like an override of a section's key but are none: a typing mistake."""
    known = {name: None for name, _, _ in _variables()}
    secrets = {secret.env for secret in _secrets(settings)}
    sections = tuple(f"{PREFIX}{field.name}_".upper() for field in msgspec.structs.fields(Settings))
    for name in env:
        if name.startswith(sections) and name not in known and name not in secrets:
            close = get_close_matches(name, known, n=1)
            yield f"{name} overrides no setting" + (f"; did you mean {close[0]}?" if close else "")
