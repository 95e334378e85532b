// The keyboard in lists of executions and in the inbox: j and k or the arrows go from row to row, x chooses one, / goes to
// the search. In the inbox Enter opens the request, and a and r press the buttons that approve and reject it where that can
// be taken back; elsewhere, and where there is more to fill in, they lead to them: no key decides for good.
// Without it the list is complete, only slower.
(() => {
  const typing = (element) => element?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const rows = () => [...document.querySelectorAll(".executions-table tbody tr, .requests > li")];
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const search = document.getElementById("search");
    if (event.key === "/" && search && !event.target.closest?.(".graph, [data-keys]")) {
      event.preventDefault();
      search.focus();
      search.select();
      return;
    }
    const side = { a: ".button-approve", r: ".button-reject" }[event.key];
    const button = side && document.querySelector(`.inbox-open .decide ${side}, .inbox-open .own-choice:has(${side}) > summary`);
    if (button) {
      event.preventDefault();
      const undoes = !event.repeat && button.matches("button") && document.querySelector(".in-hand [data-undo]");
      undoes ? button.click() : button.focus();
      return;
    }
    const all = rows();
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const step = { j: 1, k: -1, ArrowDown: at < 0 ? 0 : 1, ArrowUp: at < 0 ? 0 : -1 }[event.key] ?? 0;
    if (step && all.length) {
      event.preventDefault();
      const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
      all[next].querySelector(".row-main, .request")?.focus();
    } else if (event.key === "x" && at >= 0) {
      event.preventDefault();
      all[at].querySelector(".col-pick input")?.click();
    }
  });
  // Here the box of all ticks each row's, and is none of the form: rows that arrive later are not meant.
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (event.target.matches?.("[data-picks-all]")) {
      event.target.name = "";
      for (const box of form.querySelectorAll(".col-pick input")) box.checked = event.target.checked;
    } else if (event.target.matches?.(".col-pick input") && !event.target.checked) {
      for (const all of form.querySelectorAll("[data-picks-all]")) all.checked = false;
    }
  });
})();
