"""Codes E07: message templates, in files and in the texts of actions."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page


def _page(title: str, meaning: str, wrong: str, right: str, filling: tuple[str, int] | None = None) -> Page:
    """A page about the text of a message to the owner."""
    rule = 'on contact created do notify owner "{}"'
    return Page(title, meaning, rule.replace("{}", wrong), rule.replace("{}", right), filling)


_SETTINGS = "---\nsubject: Welcome\n---\nHello {{ contact.first_name }}"

PAGES: dict[str, Page] = {
    "E0700": _page(
        "a part of a template that cannot be read",
        "Between `{{` and `}}` stands a field, with filters behind `|`; between `{%` and `%}` a tag. The "
        "language is Liquid, with a closed list of tags and filters.",
        "Hello {{ contact.first_name | | upcase }}",
        "Hello {{ contact.first_name | upcase }}",
    ),
    "E0701": _page(
        "braces that are not closed",
        "`{{` needs its `}}` and `{%` its `%}`.",
        "Hello {{ contact.first_name",
        "Hello {{ contact.first_name }}",
    ),
    "E0702": _page(
        "a tag that does not exist",
        "The tags of messages are those of Liquid that make text, such as `if`, `case`, `for` and `assign`.",
        "{% shwo contact.first_name %}",
        "{{ contact.first_name }}",
    ),
    "E0703": _page(
        "a tag that is not available in messages",
        "Tags that read other files or keep state between renderings are left out.",
        "{% include 'footer' %}",
        "Hello",
    ),
    "E0704": _page(
        "a tag in the wrong place",
        "`else`, `elsif` and `when` stand inside their block, `break` and `continue` inside `for`.",
        "{% else %}Hello",
        "{% if contact.first_name %}Hello{% else %}Hi{% endif %}",
    ),
    "E0705": _page(
        "a block that is not closed, or closed by another block's end",
        "Each block ends with its own tag: `if` with `endif`, `for` with `endfor`.",
        "{% if contact.first_name %}Hello",
        "{% if contact.first_name %}Hello{% endif %}",
    ),
    "E0706": _page(
        "words behind a tag that takes none",
        "A further condition is written `elsif`.",
        "{% if contact.score > 80 %}A{% else if contact.score > 50 %}B{% endif %}",
        "{% if contact.score > 80 %}A{% elsif contact.score > 50 %}B{% endif %}",
    ),
    "E0707": _page(
        "a filter that does not exist",
        "The filters are a closed list; the reference has them all.",
        "Hello {{ contact.first_name | uppercase }}",
        "Hello {{ contact.first_name | upcase }}",
    ),
    "E0708": _page(
        "a filter with the wrong arguments",
        "Arguments stand behind a colon, separated by commas.",
        "Hello {{ contact.first_name | upcase: 1 }}",
        "Hello {{ contact.first_name | upcase }}",
    ),
    "E0709": _page(
        "a date format with an unknown letter",
        "Formats are made of the letters that the message names, each behind `%`.",
        "Since {{ contact.created_at | date: '%Q' }}",
        "Since {{ contact.created_at | date: '%Y' }}",
    ),
    "E0710": _page(
        "a range",
        "Ranges could make a message as long as one likes, and are left out.",
        "{% for i in (1..10) %}x{% endfor %}",
        "{% for tag in contact.tags %}{{ tag }}{% endfor %}",
    ),
    "E0711": _page(
        "a field whose name is computed",
        "Fields are written out, so that they can be checked.",
        "{% assign f = 'email' %}{{ contact[f] }}",
        "{{ contact.email }}",
    ),
    "E0712": _page(
        "a template that is too long or nested too deeply",
        "Templates, the text between braces, and the nesting of blocks are bounded.",
        "…",
        "Hello",
        ("{% if contact.email %}", 200),
    ),
    "E0713": Page(
        "a wrong line in the settings of a template",
        "A template file may begin with settings between two lines `---`: `subject`, `from` and `format`.",
        'on contact created do send email template("welcome")',
        'on contact created do send email template("welcome")',
        templates={"welcome": _SETTINGS},
        wrong_templates={"welcome": _SETTINGS.replace("subject", "subjct")},
    ),
    "E0714": _page(
        "nothing between the braces",
        "`{{ }}` shows nothing.",
        "Hello {{ }}",
        "Hello {{ contact.first_name }}",
    ),
    "E0720": _page(
        "a name that is nothing",
        "Names begin with a record: `contact`, `account`, `opportunity`, `event`, or with something that the "
        "template assigned.",
        "Hello {{ first_name }}",
        "Hello {{ contact.first_name }}",
    ),
    "E0721": _page(
        "a field that the record does not have",
        "Fields in messages are those of the workspace's schema.",
        "Hello {{ contact.frist_name }}",
        "Hello {{ contact.first_name }}",
    ),
    "E0722": _page(
        "a path that goes on behind a value",
        "A text or a number has no parts.",
        "Hello {{ contact.first_name.full }}",
        "Hello {{ contact.first_name }}",
    ),
    "E0723": _page(
        "a loop over something that is no list",
        "`for` goes over the items of a list.",
        "{% for x in contact.email %}{{ x }}{% endfor %}",
        "{% for x in contact.tags %}{{ x }}{% endfor %}",
    ),
    "E0724": _page(
        "a whole record where a value is shown",
        "Name one of its fields.",
        "Hello {{ contact }}",
        "Hello {{ contact.first_name }}",
    ),
    "E0725": Page(
        "a record that the subject does not point at",
        "A contact points at its account, an opportunity at both; the other way round there may be many.",
        'on account created do notify owner "{{ contact.email }}"',
        'on account created do notify owner "{{ account.name }}"',
    ),
}
