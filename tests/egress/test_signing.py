"""Signatures, against the reference library and against strangers."""

from __future__ import annotations

import base64
import json
import string
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from runtime.signing import ID, SIGNATURE, TIMESTAMP, SigningError, new_secret, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()
NOW = 1_767_225_600
IDS = st.text(string.ascii_letters + string.digits + "_-:.", min_size=1, max_size=60)


def test_the_example_of_the_specification() -> None:
    body = b'{"test": 2432232314}'
    headers = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body)
    assert headers[SIGNATURE] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(IDS, st.text(max_size=200))
def test_agrees_with_the_reference_library(message_id: str, text: str) -> None:
    body = json.dumps({"text": text}).encode()
    secret, now = new_secret(), int(time.time())
    headers = sign(secret, message_id, now, body)
    theirs = Webhook(secret)
    assert headers[SIGNATURE] == theirs.sign(message_id, datetime.fromtimestamp(now, UTC), body.decode())
    assert theirs.verify(body, headers) == {"text": text}
    assert verify([secret], headers, body, now)


def test_each_part_is_covered() -> None:
    headers = sign(SECRET, "msg_1", NOW, b"body")
    assert verify([SECRET], headers, b"body", NOW)
    assert not verify([SECRET], headers, b"Body", NOW)
    assert not verify([SECRET], {**headers, ID: "msg_2"}, b"body", NOW)
    assert not verify([SECRET], {**headers, TIMESTAMP: str(NOW + 1)}, b"body", NOW)
    assert not verify([OTHER], headers, b"body", NOW)
    assert not verify([], headers, b"body", NOW)


@pytest.mark.parametrize(
    ("seconds", "valid"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_tolerance(seconds: int, valid: bool) -> None:
    headers = sign(SECRET, "msg_1", NOW, b"body")
    assert verify([SECRET], headers, b"body", NOW + seconds) is valid


def test_secrets_can_be_replaced_without_a_gap() -> None:
    old, new = sign(OTHER, "m", NOW, b"body"), sign(SECRET, "m", NOW, b"body")
    both = {**new, SIGNATURE: f"{old[SIGNATURE]} {new[SIGNATURE]}"}
    assert verify([SECRET], both, b"body", NOW)
    assert verify([OTHER], both, b"body", NOW)
    assert verify([OTHER, SECRET], old, b"body", NOW)


@pytest.mark.parametrize(
    "change",
    [
        {ID: ""},
        {ID: "mñ"},
        {ID: "m\ud800"},
        {TIMESTAMP: ""},
        {TIMESTAMP: "1_767_225_600"},
        {TIMESTAMP: "١٧٦٧٢٢٥٦٠٠"},
        {TIMESTAMP: " 1767225600"},
        {TIMESTAMP: "1767225600.0"},
        {TIMESTAMP: "-1767225600"},
        {TIMESTAMP: "9" * 5_000},
        {SIGNATURE: ""},
        {SIGNATURE: "v1"},
        {SIGNATURE: "v1,"},
        {SIGNATURE: "v1,not base64!"},
        {SIGNATURE: "v1,YQ="},
        {SIGNATURE: "v1,ÿ"},
        {SIGNATURE: "v1a,YQ=="},
        {SIGNATURE: "," * 1_000},
        {SIGNATURE: "v1,YQ== " * 100_000},
        {SIGNATURE: "v1," + "A" * 1_000_000},
    ],
)
def test_what_strangers_send_is_false_and_never_raises(change: dict[str, str]) -> None:
    headers = {**sign(SECRET, "m", NOW, b"body"), **change}
    assert verify([SECRET], headers, b"body", NOW) is False


def test_missing_headers_are_false() -> None:
    headers = sign(SECRET, "m", NOW, b"body")
    for name in (ID, TIMESTAMP, SIGNATURE):
        assert verify([SECRET], {k: v for k, v in headers.items() if k != name}, b"body", NOW) is False
    assert verify([SECRET], {}, b"", NOW) is False


def test_another_version_beside_ours_does_no_harm() -> None:
    headers = sign(SECRET, "m", NOW, b"body")
    assert verify([SECRET], {**headers, SIGNATURE: f"v1a,AAAA {headers[SIGNATURE]}"}, b"body", NOW)
    assert not verify(
        [SECRET], {**headers, SIGNATURE: headers[SIGNATURE].replace("v1,", "v2,")}, b"body", NOW
    )


@given(st.dictionaries(st.sampled_from([ID, TIMESTAMP, SIGNATURE]), st.text(max_size=100)))
def test_no_headers_raise(headers: dict[str, str]) -> None:
    assert verify([SECRET], headers, b"body", NOW) is False


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "whsec_" + "A" * 400, "schlüssel"]
)
def test_bad_secrets_are_told_without_showing_them(secret: str) -> None:
    with pytest.raises(SigningError) as caught:
        sign(secret, "m", NOW, b"")
    assert len(secret) < 7 or secret not in str(caught.value)


@pytest.mark.parametrize("message_id", ["", "a b", "a\nb", "ä", "a\x7f"])
def test_bad_ids_are_told(message_id: str) -> None:
    with pytest.raises(SigningError):
        sign(SECRET, message_id, NOW, b"")


def test_new_secrets_differ_and_serve() -> None:
    one, two = new_secret(), new_secret()
    assert one != two
    assert verify([one], sign(one, "m", NOW, b"x"), b"x", NOW)
