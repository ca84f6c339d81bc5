// What lists have in common whose rows can be chosen.

// So many of the names, for a sentence: "a, b and 3 more".
export function named(names, most) {
  const rest = names.length - most;
  return names.slice(0, most).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

// Shows in the box that chooses all rows of `total` that `count` are chosen; a list may be without one.
export function showInAll(box, count, total) {
  if (!box) return;
  box.checked = count > 0 && count === total;
  box.indeterminate = count > 0 && count < total;
  box.disabled = !total;
}
