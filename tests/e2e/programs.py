"""What containers run in the tests of more than one file."""

# Ends by SIGKILL alone.
STUBBORN = "trap '' TERM; echo Ready; while true; do sleep 0.2; done"
