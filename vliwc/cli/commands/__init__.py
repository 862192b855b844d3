"""One module a subcommand; each defines `command`. They are imported when they are used, by `vliwc.cli.lazy`."""
