// The command palette: Ctrl-K opens the page "Search" in a dialog.
//
// The server ranks and words what fits; this shows its list as the options of a combobox, so nothing here knows of
// workflows. Where this does not run, the header's link leads to the page itself (`src/app/pages/find.rs`).
(() => {
  /** Keys that follow each other within this time are one question. */
  const PAUSE = 90;
  /** After so long without a key, what executions hold is searched, too. The record keeps each of these searches. */
  const REST = 500;
  /** How long a page may take until the part of it is there that was chosen. */
  const PATIENCE = 5_000;
  const mac = /mac|iphone|ipad/i.test(navigator.platform);

  let dialog, input, list, said, link;
  let options = [];
  let current = -1;
  let timer, asking;
  /** The text whose answer is shown, and whether that answer is whole. */
  let answered, whole;
  /** What is to be done with the answer to the text that stands there: follow it where a link was pasted, or Enter came first. */
  let pasted, entered;

  /** The path that the site is below, and the segments of the page's own path behind it. */
  const base = document.documentElement.dataset.base ?? "";
  const segments = () => location.pathname.slice(base.length).split("/");
  const connection = () => segments()[1] ?? "";
  const search = () => document.querySelector(".search-open")?.getAttribute("href") ?? `${base}/${connection()}/search`;

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function build() {
    input = element("input", {
      type: "text",
      role: "combobox",
      "aria-label": "Search",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": "palette-list",
      placeholder: "Workflow, execution, request, action or ARN",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
    });
    list = element("ul", { id: "palette-list", class: "found", role: "listbox", "aria-label": "What fits" });
    said = element("p", { class: "palette-said", role: "status" });
    // The router follows a link that is clicked, and an option may hold none.
    link = element("a", { hidden: "" });
    dialog = element("dialog", { class: "palette", "aria-label": "Search" }, input, list, said, link);
    document.body.append(dialog);
    input.addEventListener("input", () => {
      entered = false;
      later(PAUSE);
    });
    input.addEventListener("paste", () => (pasted = true));
    input.addEventListener("keydown", onKey);
    list.addEventListener("click", (event) => follow(event.target.closest("[role=option]")));
    // Only the dialog itself is hit beside its contents.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", stop);
  }

  function stop() {
    clearTimeout(timer);
    asking?.abort();
    answered = whole = undefined;
  }

  function open() {
    if (!dialog) build();
    if (dialog.open) return dialog.close();
    input.value = "";
    pasted = entered = false;
    show([], []);
    dialog.showModal();
    input.focus();
    later(0);
  }

  function later(pause, typing = true) {
    clearTimeout(timer);
    timer = setTimeout(ask, pause, typing);
  }

  async function ask(typing) {
    asking?.abort();
    const mine = (asking = new AbortController());
    // An answer belongs to the text that was asked for, whatever stands there when it comes.
    const typed = input.value;
    const wasPasted = pasted && typed.trim().startsWith("arn:");
    pasted = false;
    const query = new URLSearchParams({ q: typed });
    if (typing) query.set("typing", "1");
    const [, , page, execution] = segments();
    if (page === "executions" && execution) query.set("execution", decodeURIComponent(execution).replace(/^~/, ""));
    try {
      const answer = await fetch(`${search()}?${query}`, { signal: mine.signal, headers: { accept: "text/html" } });
      const read = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted || !dialog.open) return;
      const problem = !answer.ok && (read.querySelector(".problem, main")?.textContent ?? "The server did not answer.");
      const chosen = answered === typed ? options[current]?.dataset.href : undefined;
      answered = typed;
      whole = !typing || !typed.trim();
      show([...read.querySelectorAll("#found .hit")], [...read.querySelectorAll("#found-more li")], problem);
      // What was chosen of a first answer stays chosen in the whole one.
      const still = options.findIndex((option) => option.dataset.href === chosen);
      if (still > 0) choose(still);
      if (input.value !== typed) return;
      if ((wasPasted || entered) && options.length) follow(options[0]);
      else if (!whole) later(REST, false);
    } catch (error) {
      if (error.name !== "AbortError") show([], [], "The dashboard's server did not answer. Check that countersign is still running.");
    }
  }

  function show(hits, more, problem) {
    options = hits.map((hit, at) => {
      const option = element("li", { id: `palette-${at}`, class: "hit", role: "option", "aria-selected": "false" });
      option.dataset.href = hit.getAttribute("href");
      option.append(...document.adoptNode(hit).childNodes);
      return option;
    });
    list.replaceChildren(...options);
    input.setAttribute("aria-expanded", String(options.length > 0));
    const none = whole ? "Nothing fits." : "Searching what executions hold…";
    const count = options.length || !input.value.trim() ? [] : [none];
    said.textContent = problem || [...count, ...more.map((one) => one.textContent)].join(" · ");
    choose(options.length ? 0 : -1);
  }

  function choose(at) {
    options[current]?.setAttribute("aria-selected", "false");
    current = at;
    const option = options[at];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function onKey(event) {
    if (event.isComposing) return;
    const last = options.length - 1;
    const next = {
      ArrowDown: current >= last ? 0 : current + 1,
      ArrowUp: current <= 0 ? last : current - 1,
      PageDown: Math.min(current + 8, last),
      PageUp: Math.max(current - 8, 0),
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      if (options.length) choose(next);
    } else if (event.key === "Enter") {
      event.preventDefault();
      // Whoever types and presses Enter at once means what was typed, not what an earlier text had found.
      if (input.value === answered && (whole || options[current])) return follow(options[current]);
      entered = true;
      later(0, false);
    }
  }

  function follow(option) {
    entered = false;
    if (!option) return;
    dialog.close();
    link.href = option.dataset.href;
    link.click();
    reveal(new URL(link.href).hash.slice(1), performance.now() + PATIENCE);
  }

  /** Opens the part of a page that asks for a confirmation, once it is there. */
  function reveal(id, end) {
    if (!["stop", "redrive"].includes(id)) return;
    const part = document.getElementById(id);
    if (part instanceof HTMLDetailsElement) {
      part.open = true;
      (part.querySelector("textarea") ?? part.querySelector("button[type=submit]"))?.focus();
    } else if (performance.now() < end) {
      requestAnimationFrame(() => reveal(id, end));
    }
  }

  addEventListener("keydown", (event) => {
    const held = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (!held || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    open();
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.(".search-open");
    if (!opener || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
})();
