// Counters of a container: what was sent, received, read and written since its process began.

// By how much one has risen. One that is lower than it was began again from nought.
export const risen = (before, after) => (after >= before ? after - before : after);
