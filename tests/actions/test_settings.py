"""Settings: defaults, overrides, and mistakes that name the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.settings import Secret, Settings, SettingsError, load_settings, missing_secrets


def load(folder: Path, text: str, **env: str) -> Settings:
    (folder / "rulelang.toml").write_text(text, "utf-8")
    return load_settings(folder, env)


def problem(folder: Path, text: str, **env: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text, **env)
    return str(caught.value).replace(str(folder / "rulelang.toml"), "FILE")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings == Settings()
    assert (settings.mail.transport, settings.server.host) == ("mailbox", "127.0.0.1")


def test_every_section_is_read(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [server]
        port = 9000
        [database]
        path = "data.db"
        [mail]
        transport = "smtp"
        from = "Acme <hello@acme.test>"
        [smtp]
        host = "mail.acme.test"
        tls = "implicit"
        timeout = 5
        [hyper]
        base_url = "https://models.acme.test"
        model = "small"
        link_hosts = ["acme.test"]
        [slack.channels]
        "#cs" = "SLACK_CS"
        [webhook]
        secret_env = "HOOK_SECRET"
        [egress]
        allow = ["hooks.internal:8025"]
        [engine]
        retry = ["5s", "2m", "1h", "1d"]
        rates = { smtp = 2.5 }
        """,
    )
    assert settings.server.port == 9000
    assert settings.mail.sender == "Acme <hello@acme.test>"
    assert settings.smtp.timeout == 5.0
    assert settings.slack.channels == {"#cs": "SLACK_CS"}
    assert settings.webhook.secret == Secret("HOOK_SECRET", "")
    assert settings.egress.allow == ("hooks.internal:8025",)
    assert settings.engine.retry_seconds == (5, 120, 3600, 86400)
    assert settings.engine.rates == {"smtp": 2.5}


def test_variables_override_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        "[server]\nport = 9000\n",
        RULELANG_SERVER_PORT="9001",
        RULELANG_HYPER_LINK_HOSTS="acme.test, docs.acme.test",
        RULELANG_EGRESS_ALLOW_HTTP="true",
        RULELANG_MAIL_FROM="bo@acme.test",
        RULELANG_ENGINE_RETRY="1s,2s",
        UNRELATED="x",
    )
    assert settings.server.port == 9001
    assert settings.hyper.link_hosts == ("acme.test", "docs.acme.test")
    assert settings.egress.allow_http is True
    assert settings.mail.sender == "bo@acme.test"
    assert settings.engine.retry == ("1s", "2s")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1", "FILE: `server.prot` is no setting; did you mean `server.port`?"),
        ("[sever]\nport = 1", "FILE: `sever` is no setting; did you mean `server`?"),
        ("server = 1", "FILE: `server` is a section: write `[server]`"),
        ('[server]\nport = "x"', "FILE: `server.port`: expected `int`, got `str`"),
        ("[server]\nport = 70000", "FILE: `server.port`: expected `int` <= 65535"),
        ('[mail]\ntransport = "smtp"\nfrom = "a@b.test"', "FILE: `mail.transport` is `smtp`, but `smtp.host` is missing"),
        ('[smtp]\nusername = "me"', "FILE: `smtp.username` needs `smtp.password_env` or `smtp.password_file`"),
        ('[hyper]\nbase_url = "https://x.test"', "FILE: `hyper.base_url` needs `hyper.model`"),
        ('[engine]\nretry = ["5 minutes"]', "FILE: `engine`: `retry` holds `5 minutes`, which is no duration such as `30s`, `5m` or `2h`"),
    ],
)  # fmt: skip
def test_mistakes_name_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    assert problem(tmp_path, text) == message


def test_a_key_unlike_any_other_lists_what_there_is(tmp_path: Path) -> None:
    assert problem(tmp_path, "[database]\nzzz = 1").endswith("is no setting; there are path")


def test_all_mistakes_of_a_kind_are_told_at_once(tmp_path: Path) -> None:
    assert len(problem(tmp_path, "[server]\nprot = 1\n[mail]\nform = 'x'").splitlines()) == 2


@pytest.mark.parametrize(
    "section", ['[smtp]\npassword_env = "hunter 2!"', '[slack]\ndefault = "https://hooks.test/T0/B0"']
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, section: str) -> None:
    message = problem(tmp_path, section)
    assert "expected the name of an environment variable" in message
    assert "hunter" not in message
    assert "T0" not in message


def test_text_that_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    assert "line 2" in problem(tmp_path, "[server]\nport 1\n")


def test_a_destination_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "`egress.allow`: `10.0.0.0/8`" in problem(tmp_path, '[egress]\nallow = ["10.0.0.0/8"]')


def test_a_variable_of_the_wrong_type_or_name_is_told(tmp_path: Path) -> None:
    assert (
        problem(tmp_path, "", RULELANG_SERVER_PORT="many")
        == "RULELANG_SERVER_PORT: expected `int`, got `str`"
    )
    stray = problem(tmp_path, "", RULELANG_SERVER_PROT="1")
    assert stray == "RULELANG_SERVER_PROT overrides no setting; did you mean RULELANG_SERVER_PORT?"


def test_a_secrets_own_variable_is_no_stray(tmp_path: Path) -> None:
    text = '[webhook]\nsecret_env = "RULELANG_WEBHOOK_SECRET"'
    assert (
        load(tmp_path, text, RULELANG_WEBHOOK_SECRET="whsec_x").webhook.secret.env
        == "RULELANG_WEBHOOK_SECRET"
    )


def test_secrets_come_from_variables_or_files_at_each_use(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" one \n")
    from_file = Secret("", "key")
    assert from_file.read(tmp_path, {}) == "one"
    (tmp_path / "key").write_text("two")
    assert from_file.read(tmp_path, {}) == "two"
    assert Secret("KEY", "").read(tmp_path, {"KEY": "three"}) == "three"
    assert Secret("", "").read(tmp_path, {}) == ""


def test_webhooks_always_have_a_secret(tmp_path: Path) -> None:
    own = load(tmp_path, "").webhook
    assert (own.makes_its_own, own.secret) == (True, Secret("", ".rulelang/webhook.secret"))
    named = load(tmp_path, '[webhook]\nsecret_file = "hook.key"').webhook
    assert (named.makes_its_own, named.secret) == (False, Secret("", "hook.key"))


def test_missing_secrets_are_listed_by_name(tmp_path: Path) -> None:
    text = '[smtp]\nusername = "me"\npassword_env = "PW"\n[hyper]\napi_key_file = "key"\n[slack]\ndefault = "HOOK"'
    settings = load(tmp_path, text)
    missing = missing_secrets(settings, tmp_path, {"HOOK": "https://x"})
    assert [word in line for word, line in zip(("PW", "key"), missing, strict=True)] == [True, True]
