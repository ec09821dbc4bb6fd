"""What a copy of a backup is, and the rules. Pure: no I/O, no clock, no library."""
