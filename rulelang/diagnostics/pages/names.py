"""Codes E02: names that mean nothing, or that mean something else than was thought."""

from __future__ import annotations

from rulelang.diagnostics.pages.page import Page

PAGES: dict[str, Page] = {
    "E0201": Page(
        "a field that the record does not have",
        "Fields are the built-in ones and those that the workspace declares with `fields for …`. A word "
        "without a record before it is a field of the rule's own subject; fields of related records are "
        "written with the record's name, as in `account.domain`.",
        'on contact created when scor > 50 do add tag "hot"',
        'on contact created when score > 50 do add tag "hot"',
    ),
    "E0202": Page(
        "a record that the subject does not point at",
        "A contact points at its account, and an opportunity at its contact and its account. The other way "
        "round there may be many, so that a rule for an account cannot speak of *the* contact.",
        'on account created when contact.email is set do notify owner "a new account"',
        'on opportunity created when contact.email is set do notify owner "a new opportunity"',
    ),
    "E0203": Page(
        "a field that the event of one trigger lacks",
        "A rule with several triggers may use only those fields of `event` that all of them have, since it "
        "cannot know which one started it.",
        'on contact created or on contact updated when event.source = "form" do add tag "web"',
        'on contact created when event.source = "form" do add tag "web"',
    ),
    "E0204": Page(
        "a field that the event does not have",
        "What `event` holds depends on the trigger; the reference lists the fields of each. Events of your "
        "own hold what their declaration says.",
        'on contact created when event.sorce = "form" do add tag "web"',
        'on contact created when event.source = "form" do add tag "web"',
    ),
    "E0205": Page(
        "a path that goes on too far",
        "Only records, people and `stages` have parts. A person has `email`, `name` and `team`; `stages` has "
        "one part for each pipeline, named by its key.",
        'on contact created when owner.phone is set do add tag "owned"',
        'on contact created when owner.email is set do add tag "owned"',
    ),
    "E0206": Page(
        "a function that does not exist",
        "Functions are those of the reference; a workspace cannot add its own.",
        'on contact created when lowercase(email) ends with ".de" do add tag "german"',
        'on contact created when lower(email) ends with ".de" do add tag "german"',
    ),
    "E0207": Page(
        "a stage that no pipeline has",
        "A stage is named as its pipeline declares it, letter case included. Stages belong to a kind of "
        "record: a stage of opportunities is nothing that a contact can enter.",
        'on stage enter "sql" do notify owner "please call"',
        'on stage enter "SQL" do notify owner "please call"',
    ),
    "E0208": Page(
        "a pipeline that does not exist",
        "A pipeline is named as declared, and must be one of the kind of record that the rule is for.",
        'on stage enter "SQL" of "Slaes" do notify owner "please call"',
        'on stage enter "SQL" of "Sales" do notify owner "please call"',
    ),
    "E0209": Page(
        "a team that does not exist",
        "Teams are declared with `team`. A workspace that declares none has the teams Sales and Customer Success.",
        'on contact created do assign("Slaes")',
        'on contact created do assign("Sales")',
    ),
    "E0242": Page(
        "a topic that does not exist",
        "Topics are what contacts subscribe to and unsubscribe from. They are declared with `topic` and the legal "
        "basis on which messages of the topic are sent.",
        'topic "newsletter": consent\n\non contact created do subscribe to "newslater"',
        'topic "newsletter": consent\n\non contact created do subscribe to "newsletter"',
    ),
    "E0210": Page(
        "a person who is not known",
        "People are named by their e-mail address. Where a workspace declares people or teams with members, "
        "only these may be named, so that a slip does not send a customer to nobody.",
        'person "ana@acme.test": "Ana Ruiz"\n\non contact created do assign("anna@acme.test")',
        'person "ana@acme.test": "Ana Ruiz"\n\non contact created do assign("ana@acme.test")',
    ),
    "E0211": Page(
        "a message template that does not exist",
        "A template is a file in the folder `templates`; its name is the file's name without the suffix.",
        'on contact created do send email template("wellcome")',
        'on contact created do send email template("welcome")',
        templates={"welcome": "Hello {{ contact.first_name }}"},
    ),
    "E0212": Page(
        "a tag outside the closed set",
        "A workspace that declares `tags` allows these only. Without that declaration any tag may be used.",
        "tags: vip, newsletter\n\non contact created do add tag vipp",
        "tags: vip, newsletter\n\non contact created do add tag vip",
    ),
    "E0213": Page(
        "a rule that does not exist",
        "A rule is named as in its header, letter case included; it may stand in any file of the workspace.",
        'rule "Welcome"\n  on contact created\ndo\n  start rule("Welcome series")\nend',
        'rule "Welcome"\n  on contact created\ndo\n  start rule("Welcome series")\nend\n\n'
        'rule "Welcome series"\n  on tag added "welcome"\ndo\n  add tag "welcomed"\nend',
    ),
    "E0214": Page(
        "an event that is not declared",
        "Events of your own are declared with the kind of record they are about and the fields they hold, so "
        "that conditions on them can be checked.",
        'on event "demo.requested" do add tag "wants demo"',
        'event "demo.requested" for contact\n  seats: number\nend\n\n'
        'on event "demo.requested" when event.seats > 5 do add tag "wants demo"',
    ),
    "E0215": Page(
        "two rules with one name",
        "The name is a rule's identity: its runs, its history and `enrol once` hang on it. It must be the "
        "only one in all files of the workspace.",
        'rule "Welcome" on contact created do add tag "new" end\n'
        'rule "Welcome" on account created do notify owner "a new account" end',
        'rule "Welcome" on contact created do add tag "new" end\n'
        'rule "Welcome, account" on account created do notify owner "a new account" end',
    ),
    "E0216": Page(
        "a word that is no field, where text could stand",
        "A bare word is a value when the other side is an enumeration, a stage, a tag, a team or a person. "
        "Everywhere else it is a field. Text is written in quotes.",
        'on contact created when source = form do add tag "web"',
        'on contact created when source = "form" do add tag "web"',
    ),
    "E0217": Page(
        "a field of the event that is of another type for each trigger",
        "The events of all triggers have the field, but in one it is, say, a number and in another a text, so"
        " that no condition on it could be right for both.",
        "on score changed or on owner changed when event.after is set do add tag moved",
        "on score changed when event.after >= 80 do add tag engaged",
    ),
    "E0218": Page(
        "a stage of several pipelines",
        "When two pipelines of one kind of record have a stage of the same name, an action that moves a "
        "record must say which pipeline is meant.",
        'pipeline "Sales" for contact: New, Won\npipeline "Partners" for contact: New, Signed\n\n'
        'on contact created do move to stage "New"',
        'pipeline "Sales" for contact: New, Won\npipeline "Partners" for contact: New, Signed\n\n'
        'on contact created do move to stage "New" of "Sales"',
    ),
    "E0219": Page(
        "a field that rules cannot set",
        "Some fields are kept by the system, such as `id` and `created_at`. The stage is changed with its own"
        " action, so that its triggers fire.",
        'on contact created do set stage = "SQL"',
        'on contact created do move to stage "SQL"',
    ),
    "E0220": Page(
        "a name that a rule cannot have",
        "The name is shown in lists, timelines and logs. It has 1 to 200 characters and no line ends; a rule without a "
        "name is known by its file and number.",
        'rule "" on contact created do add tag new',
        'rule "New contact" on contact created do add tag new',
    ),
    "E0221": Page(
        "a name that is taken",
        "A name for a value must not be a field of the record or a word of the language, so that it is always clear "
        "what a name means.",
        "on contact created do let score = 5; add tag a",
        "on contact created do let bonus = 5; set score = bonus",
    ),
    "E0222": Page(
        "a name that nothing has yet",
        "A name is known from the step on that gives it: not earlier, not in another branch, and not before the run.",
        "on contact created do set score = bonus; let bonus = 5; add tag a",
        "on contact created do let bonus = 5; set score = bonus; add tag a",
    ),
    "E0223": Page(
        "a name for values of two types",
        "A name may be given again, to a value of the same type.",
        'on contact created do let bonus = 5; wait 1d; let bonus = "five"; add tag a',
        "on contact created do let bonus = 5; wait 1d; let bonus = bonus + 5; set score = bonus",
    ),
    "E0224": Page(
        "a label that is not there",
        "`go to` names a label of the same rule.",
        'on contact created do go to "edn" when dnc; add tag a; label "end"',
        'on contact created do go to "end" when dnc; add tag a; label "end"',
    ),
    "E0225": Page(
        "two places of one name",
        "Labels, splits, the branches of a split, goals and parameters each have a name of their own.",
        'on contact created do label "a"; wait 1d; label "a"; add tag x',
        'on contact created do label "a"; wait 1d; label "b"; add tag x',
    ),
    "E0240": Page(
        "a calendar that is not there",
        'Business calendars are declared in the schema; without any there is `"Office"`, Monday to Friday, 9:00 to '
        "17:00.",
        'on contact created do wait 4h in "Ofice"; add tag x',
        'on contact created do wait 4h in "Office"; add tag x',
    ),
    "E0245": Page(
        "a name that a template shows and no step has given",
        "A template that shows a name of the run, such as `payment` here, is for steps that know it. Another one uses "
        "it too, before the name is given.",
        'on contact created do send email template("thanks")\n'
        'wait on payment received as payment timeout 2d; send email template("thanks")',
        'on contact created do wait on payment received as payment timeout 2d; send email template("thanks")',
        templates={"thanks": "---\nsubject: Thank you\n---\nfor {{ payment.amount }}"},
    ),
    "E0241": Page(
        "business time in months",
        "Business time is counted in days on which the calendar opens, and in hours in which it is open.",
        'on contact created do wait 1mo in "Office"; add tag x',
        'on contact created do wait 20d in "Office"; add tag x',
    ),
}
