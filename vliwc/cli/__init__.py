"""The command line: thin click commands over what can be called from Python."""
