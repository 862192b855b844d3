"""Hostile input: whatever is given to vliwc ends in a clear error, within seconds and in bounded memory."""
