"""What can be done, in the words of the job. Plain async functions that take ports; no I/O of their own."""
