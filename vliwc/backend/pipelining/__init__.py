"""Software pipelining: innermost machine loops whose iterations overlap. See docs/scheduling.md."""
