"""What the project promises in numbers, measured against a real engine: `script/bench`, or `python -m benchmarks`.

Each figure stands beside the raw cost of the same thing in the same run, since machines differ and ratios less so.
"""
