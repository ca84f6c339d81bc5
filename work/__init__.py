"""What workers do out of sight: a row of it, a worker's lease on the row, and a word to the workers."""
