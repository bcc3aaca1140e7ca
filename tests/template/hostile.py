"""Texts that attacked template engines before, and texts that try to use up time or memory."""

from __future__ import annotations

ESCAPES = [
    "{{7*7}}",
    "{{ cycler.__init__.__globals__.os.popen('echo CANARY').read() }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ contact.__class__ }}",
    "{{ contact|attr('__class__') }}",
    "{{ contact|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ contact['__class__'] }}",
    "{{ '{0.__class__}'.format(contact) }}",
    "{{ '{x.__class__}'.format_map({'x':contact}) }}",
    "{{ ('{0.__class__}'|attr('format'))(contact) }}",
    "{% set f='{0.__class__}'.format %}{{ f(contact) }}",
    "{{ [contact]|map(attribute='__class__')|list }}",
    "{{ (g for g in [1]).gi_frame }}",
    "{{ self.__init__.__globals__ }}",
    "{% include '../../etc/passwd' %}",
    "{{ contact.tags.append('vip') }}",
    "{{ config }}{{ secrets }}{{ env }}",
    "{contact.__class__.__init__.__globals__}",
    "%(contact)999999999s",
    "{{ contact.first_name.__len__ }}",
    "{{ contact.tags.__iter__ }}",
    "{{ forloop.__dict__ }}",
    "{% render 'secrets' %}",
    "{% capture x %}{{ x }}{{ x }}{% endcapture %}",
    "{% liquid echo contact %}",
    "{{ people }}",
    "{% raw %}{{ contact }}{% endraw %}",
    "${7*7} #{7*7} <%= 7*7 %> {{{{7*7}}}} [[${7*7}]]",
]
"""None of these may show more than its own text, neither as a template nor as data."""


def bombs() -> dict[str, str]:
    """Templates that grow or run without end on engines without limits."""
    tens = "{% for a in contact.tags %}"
    doubling = "{% assign x = 'AAAAAAAAAA' %}" + "{% assign x = x | append: x %}" * 40
    return {
        "range joined": "{{ (1..99999999) | join }}",
        "range loop": "{% for i in (1..100000000) %}x{% endfor %}",
        "replace": "{{ 'A'" + " | replace: 'A', 'AAAAAAAAAA'" * 12 + " }}",
        "replace by data": "{{ contact.big | replace: ',', contact.big }}",
        "join by data": "{{ contact.many | join: contact.big }}",
        "product": "{{ 'A'*1000000000 }}",
        "centre": "{{ 'A'|center(1000000000) }}",
        "truncate": "{{ 'A' | truncate: 1000000000, 'BBBBBBBB' }}",
        "capture": "{% capture x %}{{ x }}{{ x }}{% endcapture %}" * 40,
        "append": doubling + "{{ x }}",
        "append of locals": "{% assign x = contact.big %}"
        + "".join(f"{{% assign x{i} = x | append: '{i}' %}}" for i in range(200)),
        "nested loops": tens * 8 + "x" + "{% endfor %}" * 8,
        "nested loops that show nothing": tens * 8 + "{% endfor %}" * 8,
        "loops in a row": (tens * 3 + "{% if true %}{% endif %}" + "{% endfor %}" * 3) * 400,
        "a long body in a loop": tens * 3 + "{% if true %}{% endif %}" * 2_400 + "{% endfor %}" * 3,
        "loop over a split": "{% assign l = contact.big | split: '' %}"
        + "{% for a in l %}" * 4
        + "x"
        + "{% endfor %}" * 4,
        "split": "{% assign l = contact.big | split: ',' %}{{ l | size }}",
        "filters": "{{ contact.big" + " | upcase" * 90 + " }}",
        "many filters": ("{{ contact.big" + " | upcase" * 90 + " }}") * 60,
        "filters that show nothing": (
            "{% assign x = contact.big" + " | url_encode | truncate: 60000" * 25 + " %}"
        )
        * 60,
        "20 000 filters": "{{ contact.first_name " + "| upcase " * 20_000 + "}}",
        "escapes": "{{ contact.quotes" + " | escape" * 90 + " }}",
        "output": "{{ contact.big }}" * 20,
        "output in a loop": tens * 4 + "{{ contact.big }}" + "{% endfor %}" * 4,
        "parentheses": "{{ " + "(" * 5_000 + " }}",
        "parentheses in many places": ("{{ " + "(" * 900 + " }}") * 60,
        "nested ifs": "{% if 1 %}" * 3_000,
        "nested ifs, closed": "{% if 1 %}" * 3_000 + "{% endif %}" * 3_000,
        "conditions": "{% if " + " and ".join(["true"] * 5_000) + " %}x{% endif %}",
        "short conditions": "{% if " + " or ".join(["1"] * 190) + " %}x{% endif %}",
        "short conditions in a loop": tens * 4
        + "{% if "
        + " and ".join(["1"] * 160)
        + " %}x{% endif %}"
        + "{% endfor %}" * 4,
        "braces": "{{" * 30_000,
        "open tags": "{%" * 30_000,
        "braces apart": "{{ " * 20_000,
        "spaces": "{{" + " " * 60_000,
        "spaces, closed": ("{{" + " " * 990 + "}}") * 60,
        "quotes": ("{{ " + "'" * 900 + " }}") * 60,
        "brackets": ("{{ a" + '["' * 450 + " }}") * 60,
        "quotes and spaces": ("{{ a[" + '" ' * 450 + " }}") * 60,
        "raws": "{% raw %}" * 7_000,
        "raws, closed": "{% raw %}{% endraw" * 3_500,
        "comments": "{% comment %}" * 5_000,
        "comments, closed": "{% comment %}" * 2_000 + "{% endcomment %}" * 2_000,
        "long": "x" * 10_000_000,
        "long line": "{{ contact." + "a" * 60_000 + " }}",
        "path": "{{ contact" + ".a" * 480 + " }}",
        "indexes": "{{ contact" + "[0]" * 300 + " }}",
        "nested indexes": "{{ contact" + "[contact" * 100 + "]" * 100 + " }}",
        "numbers": "{{ 9" + " | times: 999999999999" * 40 + " }}",
        "long number": "{{ " + "9" * 980 + " | times: 1 }}",
        "long float": "{{ 1." + "9" * 900 + " | times: 1 }}",
        "tiny": "{{ 0.1" + " | times: 0.1" * 60 + " | round: 15 }}",
        "round": "{{ 1.5 | round: 999999999 }}",
        "money": "{{ 1000000000000000000 | times: 9 | money }}",
        "whens": "{% case 1 %}"
        + "{% when "
        + ",".join(["1"] * 450)
        + " %}{{ contact.big }}"
        + "{% endcase %}",
        "names": "".join(f"{{% assign n{i} = 1 %}}" for i in range(3_000)),
        "front matter": "---\n" + "subject: x\n" * 5_000 + "---\n",
        "front matter, open": "---\n" * 1 + "-" * 60_000,
        "date": "{{ '2026-01-31' | date: '" + "%Y" * 450 + "' }}" * 1,
        "commas": "{{ 'a' | append: " + "," * 900 + " }}",
    }
