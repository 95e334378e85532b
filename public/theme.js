// Runs before the first paint and needs nothing else of the page: the theme, and forms that submit themselves.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try {
      return localStorage.getItem("theme") ?? "auto";
    } catch {
      return "auto"; // Storage may be forbidden; the theme then lasts as long as the page.
    }
  };
  let choice = stored();
  const apply = () => {
    root.dataset.choice = choice;
    root.dataset.theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    for (const button of document.querySelectorAll("[data-choose-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.chooseTheme === choice));
    }
  };
  root.dataset.scripts = "true";
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", apply);
  // The router would only change the address: the keyboard's place has to move too.
  document.addEventListener(
    "click",
    (event) => {
      const skip = event.target.closest?.(".skip");
      if (!skip) return;
      event.preventDefault();
      event.stopPropagation();
      document.getElementById(skip.hash.slice(1))?.focus();
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-choose-theme]");
    if (!button) return;
    choice = button.dataset.chooseTheme;
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // As above.
    }
    apply();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("[data-submits]")) return;
    // Another person gets another document: nothing of one is left on the pages of another.
    if (event.target.dataset.submits === "whole") event.target.form?.submit();
    else event.target.form?.requestSubmit();
  });
})();
