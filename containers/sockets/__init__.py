"""The console socket: one hub a process, fed once for each container, and a bounded queue for each viewer."""
