"""The one who watches: turns what Docker did into states and events, and owns each container's console."""
