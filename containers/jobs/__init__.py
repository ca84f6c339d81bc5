"""What workers do: one module for each kind of job, `queue` for how a job is added, claimed, kept and given up.

Every job may run twice, and may be cut off between any two lines: each step looks first at what is there.
"""
