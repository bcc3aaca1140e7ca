"""Codes E04: triggers, actions and their arguments."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES: dict[str, Page] = {
    "E0401": Page(
        "words that are no trigger",
        "A trigger is one of the phrases of the reference, such as `stage enter {stage}`. The words stand in "
        "that order; parts in brackets may be left out.",
        'on stage entered "SQL" do notify owner "please call"',
        'on stage enter "SQL" do notify owner "please call"',
    ),
    "E0402": Page(
        "words that are no action",
        "An action is one of the phrases of the reference, such as `add tag {tag}`.",
        "on contact created do tag vip",
        "on contact created do add tag vip",
    ),
    "E0403": Page(
        "an argument that is missing",
        "The action cannot do its work without it.",
        "on contact created do assign()",
        'on contact created do assign("Sales")',
    ),
    "E0404": Page(
        "an argument that the action does not have",
        "The name before `:` or `=` is not one of the action's arguments.",
        'on contact created do send email template("welcome", subjct: "Hello")',
        'on contact created do send email template("welcome", subject: "Hello")',
    ),
    "E0405": Page(
        "an argument given twice",
        "Each argument is given once, by its place or by its name.",
        'on contact created do send email template("welcome", template: "hello")',
        'on contact created do send email template("welcome")',
    ),
    "E0406": Page(
        "an argument too many",
        "The parentheses hold more than the action takes. Options such as `after 30m` stand behind them.",
        'on contact created do send email template("welcome", 30m)',
        'on contact created do send email template("welcome") after 30m',
    ),
    "E0407": Page(
        "an argument of the wrong type",
        "Arguments of actions and functions have types, as fields do.",
        'on contact created do send email template("welcome") after 30',
        'on contact created do send email template("welcome") after 30m',
    ),
    "E0408": Page(
        "a word that cannot stand there",
        "The place takes one of a few fixed words.",
        "on contact created do mark opt_out(fax)",
        "on contact created do mark opt_out(email)",
    ),
    "E0409": Page(
        "a trigger that never happens to the rule's subject",
        "The header says whom the rule is for; this trigger is about another kind of record. Leave `for …` "
        "out to let the trigger decide.",
        'rule "New" for account\n  on contact created\ndo\n  notify owner "look"\nend',
        'rule "New" for contact\n  on contact created\ndo\n  notify owner "look"\nend',
    ),
    "E0410": Page(
        "an action that cannot be done to the rule's subject",
        "Consent, for instance, belongs to contacts: an account cannot opt out of e-mail.",
        "on account created do mark opt_out(email)",
        "on contact created do mark opt_out(email)",
    ),
    "E0411": Page(
        "triggers about different kinds of record",
        "All triggers of a rule are about one kind of record, so that its conditions and steps mean one thing.",
        'on account created or on contact created do notify owner "look"',
        'on account created do notify owner "look"\n\non contact created do notify owner "look"',
    ),
    "E0412": Page(
        "a recipient who is nobody",
        "A message goes to `contact`, `owner`, `account.owner`, a team, an address in quotes, or a field that"
        " holds a person or an address. A subject is assigned to a person or a team.",
        'on contact created do send email template("welcome") to score',
        'on contact created do send email template("welcome") to owner',
    ),
    "E0413": Page(
        "an address that no request can be sent to",
        "Addresses are written in full, begin with `https://` or `http://`, hold no password and are not put "
        "together from fields, so that what a contact writes about itself never decides where data goes.",
        'on contact created do webhook post "https://{{ contact.website }}/hook"',
        'on contact created do webhook post "https://example.com/hook"',
    ),
    "E0418": Page(
        "a header field that cannot be sent",
        "Header fields are texts such as `X-Plan: pro`. What proves who you are (`Authorization`, an API key) stands "
        "in a connection of `rulelang.toml`, so that no secret is in a rule.",
        'on contact created do webhook post "https://example.com/hook" headers ["Authorization: Bearer x"]',
        'on contact created do webhook post "https://example.com/hook" through "crm"',
    ),
    "E0414": Page(
        "something that must be written out",
        "Names of rules, templates and pipelines, and texts of messages, are written out in quotes. Fields go"
        " into the text of a message as `{{ contact.first_name }}`.",
        "on contact created do notify owner first_name",
        'on contact created do notify owner "{{ contact.first_name }} is new"',
    ),
    "E0415": Page(
        "something that is no field of the subject",
        "`set` and `clear` change fields of the rule's own subject. To change a related record, let the "
        "change start a rule for that record.",
        'on contact created do set account.name = "Acme"',
        'on contact created do set company = "Acme"',
    ),
    "E0416": Page(
        "a function with too few or too many arguments",
        "The reference shows what each function takes.",
        "on contact created when length(email, 2) > 5 do add tag long",
        "on contact created when length(email) > 5 do add tag long",
    ),
    "E0417": Page(
        "a named argument of a function",
        "Functions take their arguments by place only.",
        "on contact created when length(text: email) > 5 do add tag long",
        "on contact created when length(email) > 5 do add tag long",
    ),
}
