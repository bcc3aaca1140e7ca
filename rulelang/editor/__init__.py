"""What editors ask of the language, over texts and places in them; who talks to the editor is another's concern."""
