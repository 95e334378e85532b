// The lines between the parts of a workbench: dragged, or moved with the arrow keys, and kept for the next page. It runs
// before the first paint, needs nothing else of the page, and touches no more than two custom properties of the root.
(() => {
  const root = document.documentElement;
  const named = (splitter) => splitter.dataset.splitter;
  const read = (name) => {
    try {
      return Number(localStorage.getItem(`size:${name}`)) || null;
    } catch {
      return null; // Storage may be forbidden; the size then lasts as long as the page.
    }
  };
  const sizes = { drawer: read("drawer"), lower: read("lower") };
  const apply = (name) => {
    if (sizes[name]) root.style.setProperty(`--${name}-size`, `${sizes[name]}%`);
  };
  Object.keys(sizes).forEach(apply);

  const told = (splitter) => {
    const now = sizes[named(splitter)];
    if (!now) return;
    splitter.setAttribute("aria-valuenow", String(Math.round(now)));
  };
  const set = (splitter, percent) => {
    const { valuemin, valuemax } = { valuemin: splitter.ariaValueMin, valuemax: splitter.ariaValueMax };
    const name = named(splitter);
    sizes[name] = Math.min(Math.max(percent, Number(valuemin)), Number(valuemax));
    apply(name);
    told(splitter);
    try {
      localStorage.setItem(`size:${name}`, sizes[name].toFixed(1));
    } catch {
      // As above.
    }
  };
  const of = (event) => event.target.closest?.("[data-splitter]");
  const upright = (splitter) => splitter.ariaOrientation === "vertical";

  document.addEventListener("pointerdown", (event) => {
    const splitter = of(event);
    if (!splitter || event.button !== 0) return;
    event.preventDefault();
    splitter.setPointerCapture(event.pointerId);
    splitter.focus();
    const box = splitter.parentElement.getBoundingClientRect();
    const move = (at) =>
      set(splitter, upright(splitter) ? ((box.right - at.clientX) / box.width) * 100 : ((box.bottom - at.clientY) / box.height) * 100);
    splitter.addEventListener("pointermove", move);
    splitter.addEventListener("lostpointercapture", () => splitter.removeEventListener("pointermove", move), { once: true });
  });
  document.addEventListener("keydown", (event) => {
    const splitter = of(event);
    if (!splitter || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = sizes[named(splitter)] ?? Number(splitter.ariaValueNow);
    const [more, less] = upright(splitter) ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    const to = { [more]: now + 2, [less]: now - 2, Home: Number(splitter.ariaValueMin), End: Number(splitter.ariaValueMax) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(splitter, to);
  });
  // What a reader of the screen hears is right once the place is there.
  document.addEventListener("focusin", (event) => {
    const splitter = of(event);
    if (splitter) told(splitter);
  });
})();

// A click on a bar of the timeline leads to exactly that visit: the bars of a row share its link, and its address gets the
// visit's number before anybody follows it.
document.addEventListener(
  "click",
  (event) => {
    const bar = event.target.closest?.(".lane-bars [data-visit]");
    const link = bar?.closest("a");
    if (!link) return;
    const href = link.getAttribute("href");
    const [path, hash] = href.split("#");
    const to = `${path}${path.includes("?") ? "&" : "?"}visit=${bar.dataset.visit}${hash ? `#${hash}` : ""}`;
    link.setAttribute("href", to);
    setTimeout(() => link.getAttribute("href") === to && link.setAttribute("href", href));
  },
  true,
);
