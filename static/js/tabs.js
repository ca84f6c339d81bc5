// On a phone the tabs go out of sight to the right: the one that is shown does not.
document.querySelector(".tabs [aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
