// One live stream for all tabs of a browser.
//
// A browser opens six connections to a host, and an event stream holds one for as long as it lasts: a stream in each of
// six tabs leaves none for a page or a form. So one visible tab holds the lock, reads the stream and passes on what it
// says; when that tab goes or is hidden, the lock falls to the next one. Where locks are missing, each visible tab has a
// stream of its own. The page (`src/app/live.rs`) calls `countersignLive`.
(() => {
  const NAME = "countersign-live";
  /** The path that the site is below. */
  const base = document.documentElement.dataset.base ?? "";
  /** A hidden tab keeps its place this long: many come back at once. */
  const GRACE = 2_000;
  /** The server says something every five seconds; after this much silence the connection is dead. */
  const SILENCE = 20_000;
  const RETRY = 2_000;
  /** Tabs that went without a word are forgotten: the leader asks this often who is there. */
  const ROLL = 60_000;

  const shared = "locks" in navigator && "BroadcastChannel" in window;
  const channel = shared ? new BroadcastChannel(NAME) : undefined;
  const me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  /** A message to the page: a kind and a text. */
  let page;
  /** The topic of the execution that this tab shows. */
  let shown = "";
  /** `live`, `away`, or `starting`: this tab does not know yet. */
  let state = "starting";
  /** The number up to which this tab knows every change: a stream that it opens goes on from there. */
  let last = "";
  /** Ends this tab's place in the queue for the lock, or its turn. */
  let leave;
  let leader;

  /** What the leader says reaches every tab, the leader's own page too. */
  function hear({ kind, text, id }) {
    if (id) last = id;
    if (kind !== "state") return page?.(kind, text);
    const back = text === "live" && state !== "live";
    state = text;
    page?.("state", text);
    // What changed while this tab heard nothing, nobody has said.
    if (back) page?.("again", "");
  }

  function say(kind, text, id) {
    channel?.postMessage({ to: "tabs", kind, text, id });
    hear({ kind, text, id });
  }

  /** Reads the stream until `end`. */
  function lead() {
    const others = new Map();
    /** Executions that were not watched when their tab last read them. */
    const fresh = new Set();
    /** Tabs that answered the roll that is being called. */
    const present = new Set();
    let source, watching = "", retry, silence, roll, rolled, at;

    const wanted = () => [...new Set([shown, ...others.values()])].filter(Boolean).sort();
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE);
    };
    const lost = () => {
      say("state", "away");
      source?.close();
      clearTimeout(retry);
      retry = setTimeout(open, RETRY);
    };
    const open = () => {
      clearTimeout(retry);
      source?.close();
      const executions = wanted();
      for (const one of executions) if (!watching.split(" ").includes(one)) fresh.add(one);
      watching = executions.join(" ");
      const query = new URLSearchParams(executions.map((one) => ["topic", one]));
      if (last) query.set("after", last);
      source = new EventSource(`${base}/live${query.size ? `?${query}` : ""}`);
      // Live only with the number that the stream begins at: without it the next stream would begin at its own present,
      // and what changed between the two would be lost.
      source.addEventListener("hello", (event) => {
        alive();
        say("state", "live", event.lastEventId);
        // What changed before somebody looked at it, nobody has said.
        if (fresh.size) say("change", [...fresh].join(" "));
        fresh.clear();
      });
      // Whoever may see nothing hears of nothing, until the page is loaded again or another tab shows something.
      source.addEventListener("refused", () => {
        source.close();
        [retry, silence].forEach(clearTimeout);
      });
      source.onerror = () => {
        // A refusal ends a source for good; after a lost connection it tries again by itself.
        if (source.readyState === EventSource.CLOSED) lost();
        else say("state", "away");
      };
      source.addEventListener("change", (event) => {
        alive();
        say("change", event.data, event.lastEventId);
      });
      source.addEventListener("pulse", (event) => {
        alive();
        at = event.data;
        say("at", at);
      });
      alive();
    };
    const look = () => {
      if (wanted().join(" ") !== watching) open();
    };
    roll = setInterval(() => {
      present.clear();
      channel?.postMessage({ to: "all" });
      rolled = setTimeout(() => {
        for (const tab of others.keys()) if (!present.has(tab)) others.delete(tab);
        look();
      }, RETRY);
    }, ROLL);

    leader = {
      look,
      meet(tab, execution) {
        present.add(tab);
        others.set(tab, execution);
        look();
        if (state !== "starting") channel?.postMessage({ to: tab, kind: "state", text: state, id: last });
        if (at) channel?.postMessage({ to: tab, kind: "at", text: at });
      },
      part(tab) {
        others.delete(tab);
        look();
      },
      end() {
        source?.close();
        [retry, silence, rolled].forEach(clearTimeout);
        clearInterval(roll);
        leader = undefined;
      },
    };
    open();
    channel?.postMessage({ to: "all" });
  }

  const greet = () => channel?.postMessage({ to: "leader", tab: me, shown });

  /** Takes a place in the queue, and leads when it is this tab's turn. */
  function join() {
    if (leave) return;
    if (!shared) {
      leave = () => leader?.end();
      return lead();
    }
    const queue = new AbortController();
    let release;
    leave = () => {
      queue.abort();
      leader?.end();
      release?.();
      channel.postMessage({ to: "leader", tab: me, gone: true });
    };
    const turn = () =>
      new Promise((done) => {
        release = done;
        if (queue.signal.aborted) done();
        else lead();
      });
    navigator.locks.request(NAME, { signal: queue.signal }, turn).catch(() => {
      // Left before its turn came.
    });
    greet();
  }

  function part() {
    leave?.();
    leave = undefined;
    // What happens from now on may pass unheard.
    state = "starting";
  }

  channel?.addEventListener("message", ({ data }) => {
    // A tab that has left its place hears nothing, and so asks for everything when it is back.
    if (!leave) return;
    if (data.to === "tabs" || data.to === me) hear(data);
    else if (data.to === "all") greet();
    else if (data.to === "leader" && leader) data.gone ? leader.part(data.tab) : leader.meet(data.tab, data.shown);
  });

  let hiding;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (!page) return;
    if (document.visibilityState === "hidden") hiding = setTimeout(part, GRACE);
    else join();
  });
  addEventListener("pagehide", () => page && part());
  addEventListener("pageshow", (event) => event.persisted && page && join());

  window.countersignLive = {
    /** Begins; `tell` hears of each `state`, of each `change`, of the age of each connection's data (`at`), and when to ask `again`. */
    start(tell) {
      page = tell;
      if (document.visibilityState !== "hidden") join();
    },
    /** The topic of the execution that this tab shows from now on; none where it is empty. */
    show(execution) {
      if (shown === execution) return;
      shown = execution;
      if (leader) leader.look();
      else if (leave) greet();
    },
  };
})();
