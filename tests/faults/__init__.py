"""Faults of the world around vliwc: processes that are killed, disks that are full, streams that are closed."""
