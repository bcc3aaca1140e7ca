"""The guard: which URLs are refused by their text, which by the addresses behind them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.egress.addresses import forbidden
from runtime.egress.errors import NotSent, Refused
from runtime.egress.guard import EgressPolicy, addresses_of, check_url

OPEN = EgressPolicy(allow_http=True)

REFUSED_BY_TEXT = [
    # Addresses of the machine and the network, in all spellings that some program understands.
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://127.0.0.1./",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://foo.localhost/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[2001:0:53aa:64c:0:5efe:7f00:1]/",
    "http://[fec0::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://203.0.113.7/",
    "http://240.0.0.1/",
    # Where clouds keep their credentials.
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/",
    "http://kubernetes.default.svc/",
    "http://host.docker.internal/",
    "http://router/",
    "http://printer.local/",
    "http://1.0.0.127.in-addr.arpa/",
    # Texts that parsers read differently.
    "http://example.com@127.0.0.1/",
    "http://user:secret@example.com/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1%00.example.com/",
    "http://127.0.0.1%2f@example.com/",
    "http://ex\nample.com/",
    "http://ex\tample.com/",
    "http://example.com/\r\nX-Evil: 1",
    "http://example.com/a b",
    " http://example.com/",
    "http://exa\u00admple.com\u2028/",
    "http://\u200bexample.com/",
    "http://[::1]example.com/",
    "http://[::1",
    "http://[v1.x]/",
    "http://example.com:22/",
    "http://example.com:25/",
    "http://example.com:6379/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:٤٤٣/",
    "http://example.com:443:443/",
    "http://xn--/",
    "http://-example.com/",
    "http://example..com/",
    "http://.example.com/",
    "http:///path",
    "http://",
    "http:/example.com/",
    "http:example.com",
    "//example.com/",
    "example.com",
    "/etc/passwd",
    "",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_X",
    "dict://127.0.0.1:11211/stat",
    "ftp://example.com/",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
    "unix:///var/run/docker.sock",
    "data:text/plain,x",
    "javascript:alert(1)",
    "jar:http://example.com!/",
    "https://{{contact.website}}/hook",
    "https://169.254.169.254%2Flatest%23/hook",
    "https://" + "a" * 64 + ".com/",
    "https://" + "a." * 130 + "com/",
    "https://example.com/" + "a" * 2_100,
    "https://example.com/\ud800",
]


@pytest.mark.parametrize("url", REFUSED_BY_TEXT)
def test_refused_by_its_text(url: str) -> None:
    with pytest.raises(Refused) as caught:
        check_url(url, OPEN)
    message = str(caught.value)
    assert message
    assert message[0].islower() or message[0] in "`0123456789"
    assert "secret" not in message


@pytest.mark.parametrize(
    ("url", "host", "port", "target"),
    [
        ("https://example.com", "example.com", 443, "/"),
        ("HTTPS://EXAMPLE.com/Path?q=1#fragment", "example.com", 443, "/Path?q=1"),
        ("https://example.com?q=/x", "example.com", 443, "/?q=/x"),
        ("https://example.com:8443/a%20b", "example.com", 8443, "/a%20b"),
        ("https://example.com/straße?n=ü", "example.com", 443, "/stra%C3%9Fe?n=%C3%BC"),
        ("https://müller.de/", "xn--mller-kva.de", 443, "/"),
        (
            "https://hooks.example.com/services/T0/B0/x,y;z=1?a=@:",
            "hooks.example.com",
            443,
            "/services/T0/B0/x,y;z=1?a=@:",
        ),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/"),
        ("https://[2606:4700:4700::1111]/", "2606:4700:4700::1111", 443, "/"),
        ("https://[::ffff:8.8.8.8]/", "::ffff:808:808", 443, "/"),
        ("https://[64:ff9b::808:808]/", "64:ff9b::808:808", 443, "/"),
        ("https://a_b.example.com/", "a_b.example.com", 443, "/"),
        ("https://example.com:/", "example.com", 443, "/"),
    ],
)
def test_allowed(url: str, host: str, port: int, target: str) -> None:
    vetted = check_url(url, EgressPolicy())
    assert (str(vetted.host), vetted.port, vetted.target) == (host, port, target)


def test_plain_http_needs_the_option() -> None:
    with pytest.raises(Refused, match="must begin with `https://`"):
        check_url("http://example.com/", EgressPolicy())
    assert check_url("http://example.com/", OPEN).origin == "http://example.com"


def test_origin_leaves_secrets_out() -> None:
    assert (
        check_url("https://hooks.example.com:8443/T0/secret?k=secret", OPEN).origin
        == "https://hooks.example.com:8443"
    )
    assert check_url("https://[2606:4700::1]/x", OPEN).origin == "https://[2606:4700::1]"


# --- the operator's list ---------------------------------------------------------------------------


def test_the_operator_may_vouch_for_private_destinations() -> None:
    policy = EgressPolicy(allow=["127.0.0.1:9099", "[::1]:9099", "hooks.internal:8025", "localhost:9098"])
    for url in (
        "http://127.0.0.1:9099/x",
        "http://[::1]:9099/",
        "http://hooks.internal:8025/",
        "http://localhost:9098/",
        "https://127.0.0.1:9099/",
    ):
        check_url(url, policy)
    for url in (
        "http://127.0.0.1:9098/",
        "http://127.0.0.1/",
        "http://127.0.0.2:9099/",
        "http://[::ffff:127.0.0.1]:9099/",
        "http://localhost:9099/",
        "http://a.hooks.internal:8025/",
        "http://example.com:9099/",
    ):
        with pytest.raises(Refused):
            check_url(url, policy)


@pytest.mark.parametrize(
    "entry",
    ["127.0.0.1", "10.0.0.0/8", "http://x:1", "x:0", "x:99999", "127.1:80", "a b:80", ":80", "u@x:80", ""],
)
def test_bad_entries_of_the_list_are_told(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a destination"):
        EgressPolicy(allow=[entry])


# --- names -----------------------------------------------------------------------------------------


class FakeResolver:
    """Answers from a script; the last answer repeats. Counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


GOOD, GOOD_V6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        [GOOD, "127.0.0.1"],
        ["10.0.0.1", GOOD],
        [GOOD, "::1"],
        [GOOD, GOOD_V6, "fe80::1%eth0"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::a00:1"],
        ["169.254.169.254"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["not an address"],
        ["127.0.0.1:443"],
        [GOOD + " "],
    ],
)
async def test_one_bad_answer_refuses_all(answers: list[str]) -> None:
    resolver = FakeResolver(answers)
    with pytest.raises(Refused, match="hook.test"):
        await addresses_of("hook.test", 443, OPEN, resolver)
    assert resolver.asked == 1


async def test_good_answers_are_kept_in_order() -> None:
    resolver = FakeResolver([GOOD_V6, GOOD, "64:ff9b::808:808"])
    addresses = await addresses_of("hook.test", 443, OPEN, resolver)
    assert [str(a) for a in addresses] == [GOOD_V6, GOOD, "64:ff9b::808:808"]
    assert resolver.asked == 1


@pytest.mark.parametrize("turn", [2, 3, 51])
async def test_a_name_that_changes_its_mind_is_judged_every_time(turn: int) -> None:
    resolver = FakeResolver(*[[GOOD]] * (turn - 1), ["127.0.0.1"])
    for _ in range(turn - 1):
        await addresses_of("rebind.test", 443, OPEN, resolver)
    with pytest.raises(Refused):
        await addresses_of("rebind.test", 443, OPEN, resolver)


async def test_a_name_without_answer_may_be_tried_again() -> None:
    async def gone(host: str, port: int) -> Sequence[str]:
        raise OSError("NXDOMAIN")

    with pytest.raises(NotSent, match="could not be resolved"):
        await addresses_of("gone.test", 443, OPEN, gone)
    with pytest.raises(NotSent, match="has no address"):
        await addresses_of("empty.test", 443, OPEN, FakeResolver([]))


async def test_a_vouched_name_may_lead_anywhere() -> None:
    policy = EgressPolicy(allow=["mail.internal:8025"])
    assert [
        str(a) for a in await addresses_of("mail.internal", 8025, policy, FakeResolver(["10.1.2.3"]))
    ] == ["10.1.2.3"]
    with pytest.raises(Refused):
        await addresses_of("mail.internal", 443, policy, FakeResolver(["10.1.2.3"]))


# --- properties ------------------------------------------------------------------------------------


@given(st.ip_addresses())
def test_what_may_be_reached_is_global_unicast(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not forbidden(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_private


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_like_itself(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        assert forbidden(wrapped) == forbidden(address)
    for prefix in ("2002::", "::"):
        shift = 80 if prefix == "2002::" else 0
        wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address) << shift)
        assert forbidden(wrapped)


@given(st.text(max_size=80))
def test_no_text_raises_anything_else(tail: str) -> None:
    for url in (tail, f"https://{tail}", f"https://example.com{tail}", f"http://[{tail}]/"):
        try:
            vetted = check_url(url, OPEN)
        except Refused:
            continue
        assert vetted.target.isascii()
        assert vetted.authority.isascii()
        assert not any(c.isspace() for c in vetted.target + vetted.authority)
        again = check_url(vetted.origin + vetted.target, OPEN)
        assert (again.host, again.port, again.target) == (vetted.host, vetted.port, vetted.target)
