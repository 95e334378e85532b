// What scripts add to JSON and to texts that are copied: search within a value, the path of a line, copies, and the whole
// of a value that arrived cut. It reads what stands on the page and changes none of it but attributes.
(() => {
  const text = (node) => {
    // A character that nobody would see stands there by its name; a copy has the character.
    const copy = node.cloneNode(true);
    for (const named of copy.querySelectorAll(".ctl")) named.textContent = String.fromCodePoint(parseInt(named.textContent.slice(3, -1), 16));
    return copy.textContent;
  };
  const said = (words) => {
    const place = document.getElementById("said");
    if (place) place.textContent = words;
  };
  // `what` is a text or the promise of one. A browser that allows copies only within a click is given the promise itself.
  const copied = async (button, what) => {
    const wait = typeof what !== "string";
    if (wait) what.catch(() => {});
    try {
      if (wait && window.ClipboardItem) {
        const made = what.then((text) => new Blob([text], { type: "text/plain" }));
        await navigator.clipboard.write([new ClipboardItem({ "text/plain": made })]);
      } else {
        await navigator.clipboard.writeText(await what);
      }
    } catch {
      const arrived = !wait || (await what.then(() => true, () => false));
      return said(arrived ? "The browser did not allow the copy." : "The server did not answer.");
    }
    said("Copied");
    button.dataset.copied = "true";
    setTimeout(() => delete button.dataset.copied, 1500);
  };

  // The link to the whole of a value that arrived cut, what it leads to, and that in the place of the beginning.
  const cut = (box) => box.querySelector(".json-rest:not([hidden]) [data-json-whole]");
  const fetched = async (url) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.text();
  };
  const show = async (box) => {
    const url = new URL(cut(box).href);
    url.searchParams.set("as", "html");
    try {
      box.querySelector(".json").innerHTML = await fetched(url);
    } catch {
      said("The server did not answer.");
      return false;
    }
    box.querySelector(".json-rest").hidden = true;
    said("The whole value is shown.");
    return true;
  };

  // The nodes of spans of a value's text, which are in order and apart: a long text is gone through once.
  const ranges = (json, spans) => {
    const walker = document.createTreeWalker(json, NodeFilter.SHOW_TEXT);
    const made = [];
    let node = walker.nextNode();
    let at = 0;
    const place = (of, isEnd) => {
      while (node && (isEnd ? of > at + node.length : of >= at + node.length)) {
        at += node.length;
        node = walker.nextNode();
      }
      return node && [node, of - at];
    };
    for (const [from, to] of spans) {
      const begin = place(from, false);
      const end = begin && place(to, true);
      if (!end) break;
      const one = document.createRange();
      one.setStart(...begin);
      one.setEnd(...end);
      made.push(one);
    }
    return made;
  };
  const range = (json, from, to) => ranges(json, [[from, to]])[0] ?? null;
  const paint = (name, ranges) => {
    if (!CSS.highlights) return;
    if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
    else CSS.highlights.delete(name);
  };
  const reveal = (found) => {
    for (let at = found.startContainer.parentElement; at && !at.classList.contains("json"); at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    const json = found.startContainer.parentElement.closest(".json");
    const [box, outer] = [found.getBoundingClientRect(), json.getBoundingClientRect()];
    if (box.top < outer.top || box.bottom > outer.bottom) json.scrollTop += box.top - outer.top - outer.height / 3;
    const shown = json.getBoundingClientRect();
    if (shown.top < 60 || shown.bottom > innerHeight) json.scrollIntoView({ block: "nearest" });
  };

  // Search: every place is marked, one of them is the current one.
  const searches = new WeakMap();
  const asked = new WeakSet();
  const find = (input, step) => {
    const box = input.closest(".json-box");
    // What is searched is the whole value, not its beginning.
    if (input.value && cut(box)) {
      if (asked.has(box)) return;
      asked.add(box);
      return show(box).then((shown) => {
        asked.delete(box);
        if (shown) find(input, 0);
      });
    }
    const [json, count] = [box.querySelector(".json"), box.querySelector(".json-found")];
    const wanted = input.value.toLowerCase();
    const all = json.textContent.toLowerCase();
    const places = [];
    for (let at = wanted ? all.indexOf(wanted) : -1; at >= 0 && places.length < 5000; at = all.indexOf(wanted, at + wanted.length)) places.push(at);
    const now = places.length ? (((searches.get(input) ?? 0) + step) % places.length + places.length) % places.length : 0;
    searches.set(input, now);
    const found = ranges(json, places.slice(0, 500).map((at) => [at, at + wanted.length]));
    const current = places.length ? range(json, places[now], places[now] + wanted.length) : null;
    paint("json-found", found);
    paint("json-current", current ? [current] : []);
    if (current) reveal(current);
    count.textContent = wanted ? (places.length ? `${now + 1} of ${places.length}` : "not found") : "";
  };

  // Lines: two spaces a level, so the line that a line belongs to is the nearest one above that is less indented.
  const lines = (json) => json.textContent.split("\n");
  const indent = (line) => line.length - line.trimStart().length;
  const key = (line) => /^\s*("(?:[^"\\]|\\.)*"): /.exec(line)?.[1];
  const path = (all, at) => {
    const parts = [];
    for (let line = at; line > 0; ) {
      const own = indent(all[line]);
      let up = line - 1;
      let before = 0;
      while (up > 0 && indent(all[up]) >= own) {
        if (indent(all[up]) === own && !/^\s*[\]}]/.test(all[up])) before += 1;
        up -= 1;
      }
      const name = key(all[line]);
      if (name === undefined) parts.unshift(`[${before}]`);
      else parts.unshift(/^"[A-Za-z_][A-Za-z0-9_]*"$/.test(name) ? `.${JSON.parse(name)}` : `[${name}]`);
      line = indent(all[up]) < own ? up : 0;
    }
    return `$${parts.join("")}`;
  };
  const value = (all, at) => {
    const own = indent(all[at]);
    let end = at;
    if (/[[{]$/.test(all[at])) do end += 1; while (end < all.length - 1 && indent(all[end]) > own);
    const whole = all.slice(at, end + 1).map((line) => line.slice(Math.min(own, indent(line)))).join("\n");
    return whole.replace(/^"(?:[^"\\]|\\.)*": /, "").replace(/,$/, "");
  };
  const current = new WeakMap();
  const choose = (json, at) => {
    const all = lines(json);
    let line = Math.min(Math.max(at, 0), all.length - 1);
    // A closing bracket is the end of the line that opens it.
    while (line > 0 && /^\s*[\]}],?$/.test(all[line]) && at < (current.get(json) ?? 0)) line -= 1;
    current.set(json, line);
    const from = all.slice(0, line).join("\n").length + (line > 0 ? 1 : 0);
    const marked = range(json, from + indent(all[line]), from + all[line].length);
    paint("json-line", marked ? [marked] : []);
    if (marked) reveal(marked);
    const box = json.closest(".json-box");
    box.querySelector(".json-path").textContent = path(all, line);
    for (const button of box.querySelectorAll("[data-json-copy=path], [data-json-copy=value]")) button.hidden = false;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy], [data-json-copy]");
    if (button?.dataset.copyPath) return copied(button, new URL(button.dataset.copy, location.href).href);
    if (button?.dataset.copy) return copied(button, button.dataset.copy);
    if (button) {
      const box = button.closest(".json-box");
      const json = box.querySelector(".json");
      const [kind, at] = [button.dataset.jsonCopy, current.get(json) ?? 0];
      const made = (text) => ({ all: () => text, path: () => path(text.split("\n"), at), value: () => value(text.split("\n"), at) })[kind]();
      // What arrived cut is copied whole, and so is a value that may go on behind the cut.
      const rest = kind === "path" ? null : cut(box);
      return copied(button, rest ? fetched(rest.href).then(made) : made(text(json)));
    }
    const whole = event.target.closest?.("[data-json-whole]");
    if (whole && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      show(whole.closest(".json-box"));
      return;
    }
    const json = event.target.closest?.(".json-box .json");
    if (!json || getSelection()?.toString()) return;
    const caret = document.caretRangeFromPoint?.(event.clientX, event.clientY);
    if (!caret || !json.contains(caret.startContainer)) return;
    const before = document.createRange();
    before.setStart(json, 0);
    before.setEnd(caret.startContainer, caret.startOffset);
    choose(json, before.toString().split("\n").length - 1);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("[data-json-find]")) {
      if (event.key !== "Enter") return;
      event.preventDefault();
      return find(event.target, event.shiftKey ? -1 : 1);
    }
    if (!event.target.matches?.(".json-box .json") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(event.target, current.has(event.target) ? current.get(event.target) + step : 0);
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-json-find]")) return;
    searches.set(event.target, 0);
    find(event.target, 0);
  });
})();
