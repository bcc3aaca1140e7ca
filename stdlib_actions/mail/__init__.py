"""E-mail: composing messages, checking the finished bytes, and two ways out (SMTP, development mailbox)."""
