"""Facts about nodes: computed, never guessed."""
