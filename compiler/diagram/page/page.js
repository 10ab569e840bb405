"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const svg = $("picture"), stage = $("stage"), aside = $("details"), find = $("find");
  const box = (n) => $("b" + n);
  const before = data.boxes.map(() => []), after = data.boxes.map(() => []);
  for (const [tail, head, kind] of data.lines) {
    after[tail].push([head, kind]);
    before[head].push([tail, kind]);
  }
  const edges = new Map();
  for (const edge of svg.querySelectorAll(".edge[data-line]"))
    for (const end of new Set(edge.dataset.line.split(" "))) {
      if (!edges.has(end)) edges.set(end, []);
      edges.get(end).push(edge);
    }

  // Pan and zoom: the view is a rectangle of the picture.
  const all = svg.viewBox.baseVal;
  const whole = { x: all.x, y: all.y, width: all.width, height: all.height };
  let view = { ...whole };
  let due = false;
  const show = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    });
  };
  const scale = () => Math.max(view.width / stage.clientWidth, view.height / stage.clientHeight);
  const corner = () => {
    const k = scale();
    return { x: view.x + view.width / 2 - (k * stage.clientWidth) / 2, y: view.y + view.height / 2 - (k * stage.clientHeight) / 2 };
  };
  const zoom = (factor, px = stage.clientWidth / 2, py = stage.clientHeight / 2) => {
    const k = scale(), from = corner();
    const least = Math.min(whole.width, 60) / whole.width, most = 4;
    const next = Math.min(most, Math.max(least, (view.width * factor) / whole.width)) * whole.width;
    factor = next / view.width;
    const x = from.x + px * k, y = from.y + py * k;
    view = { x: x - (x - view.x) * factor, y: y - (y - view.y) * factor, width: view.width * factor, height: view.height * factor };
    show();
  };
  const move = (dx, dy) => {
    const k = scale();
    view.x += dx * k;
    view.y += dy * k;
    show();
  };
  const fit = () => {
    view = { ...whole };
    const natural = 1.6; // a small picture is not blown up
    const k = Math.max(whole.width / stage.clientWidth, whole.height / stage.clientHeight);
    if (k < 1 / natural) {
      view.width = stage.clientWidth / natural;
      view.height = stage.clientHeight / natural;
      view.x = whole.x + (whole.width - view.width) / 2;
      view.y = whole.y + (whole.height - view.height) / 2;
    }
    show();
  };
  const reveal = (n) => {
    const node = box(n);
    if (!node) return;
    const at = node.getBoundingClientRect(), frame = stage.getBoundingClientRect();
    if (at.width < 24) zoom(Math.max(at.width, 1) / 60, at.x + at.width / 2 - frame.x, at.y + at.height / 2 - frame.y);
    requestAnimationFrame(() => {
      const now = node.getBoundingClientRect();
      const dx = now.x + now.width / 2 - frame.x - frame.width / 2, dy = now.y + now.height / 2 - frame.y - frame.height / 2;
      const out = now.x < frame.x || now.y < frame.y || now.right > frame.right || now.bottom > frame.bottom;
      if (out || at.width < 24) move(dx, dy);
    });
  };

  // Details of one box.
  let chosen = null;
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const section = (title, ...parts) => aside.append(make("h3", title), ...parts);
  const table = (rows) => {
    const made = make("table");
    for (const [key, value] of rows) {
      const row = made.insertRow();
      row.insertCell().textContent = key;
      row.insertCell().append(make("code", value));
    }
    return made;
  };
  const links = (pairs) => {
    const list = make("ul");
    const most = 50;
    for (const [n, kind] of pairs.slice(0, most)) {
      const item = make("li"), button = make("button", data.boxes[n].title || data.boxes[n].kind);
      button.addEventListener("click", () => choose(n, true));
      item.append(button);
      if (kind !== "data") item.append(" (" + { then: "order only", on_error: "on error", on_message: "on message" }[kind] + ")");
      list.append(item);
    }
    if (pairs.length > most) list.append(make("li", `and ${pairs.length - most} more`));
    return list;
  };
  const close = () => {
    if (chosen === null) return;
    box(chosen)?.classList.remove("chosen");
    for (const edge of edges.get(String(chosen)) ?? []) edge.classList.remove("near");
    svg.classList.remove("choosing");
    aside.hidden = true;
    const was = chosen;
    chosen = null;
    box(was)?.focus({ preventScroll: true });
  };
  const choose = (n, go) => {
    if (chosen !== null) {
      box(chosen)?.classList.remove("chosen");
      for (const edge of edges.get(String(chosen)) ?? []) edge.classList.remove("near");
    }
    chosen = n;
    const about = data.boxes[n];
    box(n)?.classList.add("chosen");
    svg.classList.add("choosing");
    for (const edge of edges.get(String(n)) ?? []) edge.classList.add("near");
    aside.replaceChildren();
    const shut = make("button", "×", "close");
    shut.setAttribute("aria-label", "Close");
    shut.addEventListener("click", close);
    const many = about.count > 1 ? ` × ${about.count.toLocaleString("en")}` : "";
    aside.append(shut, make("h2", about.title || about.kind), make("p", about.kind + many + (about.task ? ` · ${about.task}` : ""), "what"));
    for (const finding of about.findings ?? [])
      aside.append(make("p", `${finding.severity}[${finding.code}]: ${finding.message}`, "finding-" + finding.severity));
    if (about.arguments?.length) section("Arguments", table(about.arguments));
    if (about.options?.length) section("Options", table(about.options));
    if (!about.arguments && about.about.length) section("About", make("pre", about.about.join("\n")));
    if (about.returns && about.returns !== "any") section("Gives", make("code", about.returns));
    if (before[n].length) section("Waits for", links(before[n]));
    if (after[n].length) section("Then", links(after[n]));
    if (about.where) {
      const lines = make("pre");
      for (const [number, text] of about.source ?? []) lines.append(make("span", String(number).padStart(4) + "  "), text + "\n");
      section(about.where, ...(about.source?.length ? [lines] : []));
    }
    aside.hidden = false;
    aside.scrollTop = 0;
    if (go) {
      box(n)?.focus({ preventScroll: true });
      reveal(n);
    }
  };

  // Search: by name, task, arguments and options; of what stands for many steps, by all that is told but the place.
  const words = data.boxes.map((about) => {
    const told = about.arguments ? [...about.arguments, ...about.options].flat() : about.about.filter((line) => line !== about.where);
    return [about.title, about.task, ...told].join("\n").toLowerCase();
  });
  let hits = [], at = -1;
  const search = () => {
    const wanted = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    for (const n of hits) box(n)?.classList.remove("hit");
    hits = wanted.length ? words.flatMap((text, n) => (wanted.every((word) => text.includes(word)) ? [n] : [])) : [];
    at = -1;
    for (const n of hits) box(n)?.classList.add("hit");
    svg.classList.toggle("finding", wanted.length > 0);
    $("hits").textContent = wanted.length ? `${hits.length} found` : "";
  };
  const next = (step) => {
    if (!hits.length) return;
    at = (at + step + hits.length) % hits.length;
    $("hits").textContent = `${at + 1} of ${hits.length}`;
    reveal(hits[at]);
  };
  find.addEventListener("input", search);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      find.value = "";
      search();
      find.blur();
    } else return;
    event.preventDefault();
  });

  // Mouse and touch.
  const numberOf = (target) => {
    const node = target.closest?.(".node[id]");
    return node ? Number(node.id.slice(1)) : null;
  };
  const fingers = new Map();
  let dragged = false;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, event);
    if (fingers.size === 1) dragged = false;
  });
  stage.addEventListener("pointermove", (event) => {
    const was = fingers.get(event.pointerId);
    if (!was) return;
    if (fingers.size === 1) {
      if (!dragged && Math.hypot(event.clientX - was.clientX, event.clientY - was.clientY) < 4) return;
      if (!dragged) {
        stage.setPointerCapture(event.pointerId);
        stage.classList.add("moving");
      }
      dragged = true;
      move(was.clientX - event.clientX, was.clientY - event.clientY);
    } else {
      dragged = true;
      const [other] = [...fingers.values()].filter((one) => one.pointerId !== event.pointerId);
      const distance = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      const frame = stage.getBoundingClientRect();
      zoom(distance(was) / distance(event), (event.clientX + other.clientX) / 2 - frame.x, (event.clientY + other.clientY) / 2 - frame.y);
    }
    fingers.set(event.pointerId, event);
  });
  const lift = (event) => {
    fingers.delete(event.pointerId);
    stage.classList.remove("moving");
  };
  stage.addEventListener("pointerup", lift);
  stage.addEventListener("pointercancel", lift);
  stage.addEventListener("click", (event) => {
    if (dragged) return;
    const n = numberOf(event.target);
    if (n === null) close();
    else choose(n, false);
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = stage.getBoundingClientRect();
    zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY)) * 0.0022), event.clientX - frame.x, event.clientY - frame.y);
  }, { passive: false });

  // Keys.
  const theme = () => {
    const dark = document.documentElement.dataset.theme !== "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  const keys = () => {
    $("keys").hidden = !$("keys").hidden;
    $("help").setAttribute("aria-expanded", String(!$("keys").hidden));
  };
  document.addEventListener("keydown", (event) => {
    if (event.target === find || event.ctrlKey || event.metaKey || event.altKey) return;
    const n = numberOf(event.target) ?? chosen;
    const to = (pairs) => pairs.length && choose(pairs[0][0], true);
    const act = {
      "/": () => find.focus(), "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), 0: fit, t: theme, "?": keys,
      w: () => move(0, -60), s: () => move(0, 60), a: () => move(-60, 0), d: () => move(60, 0),
      Escape: () => ($("keys").hidden ? close() : keys()),
      Enter: () => numberOf(event.target) !== null && choose(n, false),
      " ": () => numberOf(event.target) !== null && choose(n, false),
      ArrowLeft: () => n !== null && to(before[n]), ArrowRight: () => n !== null && to(after[n]),
    }[event.key];
    if (!act || (event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " "))) return;
    event.preventDefault();
    act();
  });
  $("closer").addEventListener("click", () => zoom(0.8));
  $("farther").addEventListener("click", () => zoom(1.25));
  $("whole").addEventListener("click", fit);
  $("theme").addEventListener("click", theme);
  $("help").addEventListener("click", keys);
  if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
  addEventListener("resize", show);
  fit();
})();
