"""Every bomb ends in less than a second and 100 MB, and every escape shows nothing but itself."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from rulelang.source import Source
from rulelang.template.api import check_template, parse_template, render, render_message
from rulelang.template.model import Sink, TemplateError
from rulelang.types.defaults import default_schema
from tests.template.hostile import ESCAPES, bombs
from tests.template.scope import scope

BIG = {
    "big": "ab," * 20_000,
    "quotes": "'" * 40_000,
    "tags": [str(n) for n in range(10)],
    "many": [0] * 5_000,
}


def run(text: str) -> str:
    """The rendered text, or the error's sentence."""
    try:
        template = parse_template.__wrapped__("bomb", text)
        return render(template, scope(contact=BIG), Sink.HTML)
    except TemplateError as error:
        return f"refused: {error}"


@pytest.mark.parametrize("name", bombs())
def test_bombs_end_soon(name: str) -> None:
    text = bombs()[name]
    run("warm {{ contact.first_name | upcase }}")
    began = time.process_time()
    result = run(text)
    check_template(text, default_schema(), "contact", Source.of("bomb", text), 0)
    assert time.process_time() - began < 1
    assert len(result.encode()) <= 262_144


def test_bombs_stay_small() -> None:
    """All bombs in one fresh process: its memory never grows by more than 100 MB."""
    script = (
        "import resource\n"
        "from tests.template.test_bombs import run, bombs\n"
        "run('{{ contact.first_name }}')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for text in bombs().values(): run(text)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    grown = int(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 100 << 20


@pytest.mark.parametrize("text", ESCAPES)
@pytest.mark.parametrize("sink", [Sink.TEXT, Sink.HEADER])
def test_escapes_as_data_come_out_unchanged(text: str, sink: Sink) -> None:
    data = scope(contact={"first_name": text, "tags": [text]}, event={"note": text})
    shown = "{{ contact.first_name }}|{{ contact.tags.first }}|{{ event.note }}|{% for t in contact.tags %}{{ t }}{% endfor %}"
    template = parse_template("t", shown)
    assert render(template, data, sink) == "|".join([text] * 4)
    again = parse_template(
        "t", "{% assign x = contact.first_name %}{{ x | strip | default: 'a' | append: '' }}"
    )
    assert render(again, data, sink) == text


@pytest.mark.parametrize("text", ESCAPES)
def test_escapes_as_data_in_a_whole_message(text: str) -> None:
    template = parse_template("t", "---\nsubject: {{ contact.first_name }}\n---\n{{ contact.first_name }}")
    message = render_message(template, scope(contact={"first_name": text}))
    assert (message.subject, message.body) == (text.strip(), text)


@pytest.mark.parametrize("text", ESCAPES)
def test_escapes_as_templates_show_nothing_of_the_inside(text: str) -> None:
    try:
        result = render(parse_template("t", text), scope(contact={"tags": ["vip"]}), Sink.TEXT)
    except TemplateError:
        return
    for leak in ("CANARY", "class '", "module", "object at", "builtin", "49", "root:"):
        assert leak not in result.replace(text, "")
