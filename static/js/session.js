// Whoever is signed out meanwhile is led to sign in, instead of finding that page within this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  const signInPage = new URL(document.body.dataset.signIn, location);
  if (xhr.status !== 401 && !xhr.responseURL.startsWith(signInPage.href)) return;
  event.preventDefault();
  location.reload();
});
