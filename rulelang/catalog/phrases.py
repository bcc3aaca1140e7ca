"""Phrases of declarations and the table that finds the declaration a phrase of a rule means.

How a declaration writes its phrase
    words                `stage enter`, in lower case; `=` is a word too (`set {field} = {value}`)
    `{slot}`             an operand or a bare word; `slot` names a Param of the declaration
    `[ … ]`              a part that may be left out; parts side by side may come in any order
    `word()`             arguments in parentheses may follow this word: `assign()`, `send email hyper() [after {delay}]`

Params whose names stand in braces are slots. All other params of an action are its arguments: the checker
matches what stands in the parentheses with them, by position (where `positional`) or by name. A phrase without
`()` takes no arguments, and all its params must be slots. Parentheses with nothing in them may be left out
(`mark dnc` = `mark dnc()`); the checker reports required arguments that are missing. At most one `()` a phrase.

A slot with `choices` takes those words only (`call status {status}`); others take any word, literal, path,
call or parenthesised expression. Two phrases are ambiguous when one text could be both; a slot without
`choices` could be any word, so `webhook {method} {url}` needs choices beside `webhook post {url}`.
`Matched.slots` holds expressions: a bare word arrives as a `Name` of one part, to be read by the slot's type.
"""
