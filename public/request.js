// Keeps the page of a request new without WebAssembly: an approver's phone loads none of it for one decision.
//
// What the server writes is the whole page. When the live stream says that something changed, it is asked for once more, and
// what differs is taken over in its place: what is being typed, what is open and the keyboard's place stay. The page is the
// same where this does not run, only older.
(() => {
  /** Relative times are this old at most. */
  const MINUTE = 60_000;
  /** Topics of its connection (`src/wire/topic.rs`) that say that the page may be old now, besides the health of any. */
  const TOPICS = ["inbox", "frame"];

  const root = document.documentElement;
  const connection = location.pathname.slice((root.dataset.base ?? "").length).split("/")[1];
  const dot = document.querySelector(".live-dot");
  let link = "starting";
  let asking = false;
  let owed = false;

  /** What a node is known by among its neighbours. */
  function key(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
    const told = node.id || node.getAttribute("name") || (node.matches("li, tr") && node.querySelector("a")?.getAttribute("href"));
    return `${node.nodeName} ${told || node.classList[0] || ""}`;
  }

  function renewAttributes(node, next) {
    for (const { name, value } of [...next.attributes]) {
      if (node.getAttribute(name) !== value && name !== "open") node.setAttribute(name, value);
    }
    for (const { name } of [...node.attributes]) {
      if (!next.hasAttribute(name) && name !== "open") node.removeAttribute(name);
    }
  }

  /** Makes `node` what `next` is, keeping as much of it as has not changed. */
  function renew(node, next) {
    // Scripts draw these, or they are the reader's own.
    if (node.isEqualNode(next) || node.matches?.(".live-state, .themes, dialog, #said")) return;
    if (node.nodeType !== Node.ELEMENT_NODE) {
      node.nodeValue = next.nodeValue;
      return;
    }
    renewAttributes(node, next);
    const olds = [...node.childNodes];
    let place = node.firstChild;
    for (const child of [...next.childNodes]) {
      const wanted = key(child);
      const at = olds.findIndex((old) => key(old) === wanted);
      const old = at < 0 ? document.importNode(child, true) : olds.splice(at, 1)[0];
      if (old === place) place = place.nextSibling;
      else node.insertBefore(old, place);
      if (at >= 0) renew(old, child);
    }
    // A dialog is made by a script, so the server knows nothing of it.
    for (const old of olds) if (!old.matches?.("dialog")) old.remove();
  }

  /** The server writes times in UTC; here they are in the reader's zone, as on every other page. */
  function localise(page) {
    for (const time of page.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      const two = (number) => String(number).padStart(2, "0");
      const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
      const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
      const words = time.childElementCount ? time.querySelectorAll(".when-at") : [time];
      for (const word of words) {
        const local = word.textContent.replace(/(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC/, (_, date) => (date ? `${day} ${clock}` : clock));
        if (local !== word.textContent) word.textContent = local;
      }
    }
  }

  function mark() {
    const answers = !document.querySelector(".frame-problem");
    const [state, word] = link !== "live" ? ["away", "Reconnecting"] : answers ? ["live", "Live"] : ["away", "No answer"];
    if (!dot || (dot.dataset.state === state && dot.textContent === word)) return;
    dot.dataset.state = state;
    dot.textContent = word;
  }

  /** Asks for the page once more; what changes meanwhile is asked for after it. */
  async function ask() {
    owed = asking;
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
      // Signed out meanwhile, or somewhere else altogether.
      if (answer.redirected) return location.reload();
      // A server that is busy or away says nothing of the request: what is typed into the page outlives it.
      if (answer.status === 429 || answer.status >= 500) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!next.getElementById("main")) return;
      localise(next);
      const held = document.activeElement;
      renew(document.body, next.body);
      document.title = next.title;
      const icon = next.querySelector("link[rel=icon]")?.getAttribute("href");
      if (icon) document.querySelector("link[rel=icon]")?.setAttribute("href", icon);
      if (held !== document.body && !held?.isConnected) document.getElementById("outcome")?.focus();
    } catch {
      // The stream says when the server is back.
    } finally {
      asking = false;
      mark();
      if (owed) ask();
    }
  }

  localise(document);
  window.countersignLive?.start((kind, text) => {
    if (kind === "state") {
      link = text;
      mark();
    } else if (kind === "again") ask();
    else if (kind === "change") {
      const concerns = (word) => TOPICS.some((topic) => word === `${connection}/${topic}`) || word.endsWith("/health");
      if (text.split(" ").some(concerns)) ask();
    }
  });
  setInterval(() => document.visibilityState === "visible" && ask(), MINUTE);
})();
