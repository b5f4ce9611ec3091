// Adds to the layer tables and to the memory story, both whole without it: columns, filter, keys, one layer in both.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const button = (text, act) => {
    const node = make("button", { type: "button", textContent: text });
    node.addEventListener("click", act);
    return node;
  };
  const UNKNOWN = "–", AS_BEFORE = "″", OWN_NAME = "·", DATA = 4, SUMMED = [4, 5, 6], SHOWN = 9;
  const value = (text) => {
    const match = text.replace(/[,≥\s]/g, "").replace("−", "-").match(/^-?[\d.]+(e[-+]?\d+)?$/);
    return match ? Number(match[0]) : null;
  };
  const grouped = (text) => (/^\d{4,}$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, ",") : text);
  const size = (bytes) => {
    const power = Math.min(4, bytes ? Math.floor(Math.log10(Number(bytes.toPrecision(3))) / 3) : 0);
    return power > 0 ? `${(bytes / 1000 ** power).toPrecision(3)} ${" kMGT"[power]}B` : `${bytes} B`;
  };
  const lines = (pre) => (pre ? pre.textContent.replace(/^\n|\n$/g, "").split("\n").map((line) => line.split("\t")) : []);

  // --- one table -------------------------------------------------------------------------------------------------
  const before = new Map(); // head and layer → what an earlier net says of it
  class Sheet {
    constructor(net) {
      this.net = net;
      this.table = net.querySelector("table.layers");
      this.box = this.table.parentElement;
      this.rows = [...this.table.tBodies[0].rows];
      this.names = this.rows.map((row) => row.cells[1].textContent);
      this.texts = this.rows.map((row) => row.textContent.toLowerCase());
      this.heads = [...this.table.tHead.rows[0].cells].map((cell) => cell.textContent.replace(/\s+/g, " ").trim());
      this.total = [...(this.table.tFoot ? this.table.tFoot.rows[0].cells : [])].map((cell) => [cell, cell.textContent]);
      const [heads = [], ...further] = lines(net.querySelector("pre.more"));
      this.further = heads;
      this.more = further.map((line, at) => line.map((text, column) => {
        if (text === OWN_NAME) return this.names[at];
        const key = `${heads[column]}\t${this.names[at]}`;
        if (text === AS_BEFORE && before.has(key)) return before.get(key);
        if (!before.has(key)) before.set(key, text);
        return text;
      }));
      this.formulas = lines(net.querySelector("pre.formulas"));
      this.order = this.rows.map((_, at) => at);
      this.keys = new Map();
      this.state = { sort: -1, down: true, filter: "", range: null, added: [], hidden: [] };
      this.addTools();
      this.addHeads();
      this.box.addEventListener("click", (event) => this.clicked(event));
      this.box.addEventListener("keydown", (event) => this.pressed(event));
    }

    addTools() {
      const orders = [["Network order", -1], ["Most memory first", 4], ["Most parameters first", 5], ["Most MACs first", 6]];
      this.buttons = orders.map(([name, at]) => [button(name, () => this.sort(at, true)), at]);
      this.field = make("input", { type: "search", placeholder: "Filter layers" });
      this.field.setAttribute("aria-label", "Filter layers");
      this.field.addEventListener("input", () => { this.state.range = null; this.filter(this.field.value); });
      this.told = make("output");
      this.menu = make("details", { className: "menu" }, make("summary", { textContent: "Columns" }));
      const list = make("div");
      [...this.heads, ...this.further].forEach((name, at) => {
        if (at === 1) return; // a row without its layer says nothing
        const box = make("input", { type: "checkbox", checked: at < SHOWN });
        box.addEventListener("change", () => this.column(at, box.checked));
        list.append(make("label", {}, box, ` ${name}`));
      });
      this.menu.append(list);
      this.copied = button("Copy as TSV", () => this.copy());
      const saved = button("Download CSV", () => this.download());
      this.box.before(make("div", { className: "tools" }, ...this.buttons.map(([node]) => node), this.field, this.menu,
        this.copied, saved, this.told));
      this.mark();
    }

    addHeads() {
      [...this.table.tHead.rows[0].cells].forEach((head, at) => {
        if (at === 0 || at === 7) return; // drawings
        const inside = button("", () => this.turn(at));
        inside.append(...head.childNodes);
        head.append(inside);
      });
    }

    cell(at, column) {
      if (column < SHOWN) return this.rows[at].cells[column].textContent.trim();
      return (this.more[at] || [])[column - SHOWN] || "";
    }

    // Sorting: keys are read once; what is not known stands last in either order.
    sort(column, down) {
      this.close();
      Object.assign(this.state, { sort: column, down });
      if (column >= 0 && !this.keys.has(column)) {
        const texts = this.rows.map((_, at) => this.cell(at, column));
        const numeric = !["t", "sh"].some((css) => this.head(column).classList.contains(css)) || texts.some((text) => value(text) !== null && column >= SHOWN);
        this.keys.set(column, numeric && column !== 8 ? texts.map(value) : texts.map((text) => text.toLowerCase() || null));
      }
      const keys = this.keys.get(column), sign = down ? -1 : 1;
      this.order = this.rows.map((_, at) => at);
      if (keys) {
        this.order.sort((a, b) => {
          const [x, y] = [keys[a], keys[b]];
          if (x === y) return a - b;
          if (x === null || y === null) return x === null ? 1 : -1;
          return (x < y ? -1 : 1) * sign;
        });
      }
      this.move(this.order.map((at) => this.rows[at]));
      this.mark();
      this.remember();
    }

    // Rows in a new order: those of the longest run that is in order already stay where they are.
    move(rows) {
      const body = this.table.tBodies[0], now = new Map([...body.rows].map((row, at) => [row, at]));
      const places = rows.map((row) => now.get(row)), ends = [], before = [];
      places.forEach((place, at) => {
        let [low, high] = [0, ends.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (places[ends[middle]] < place) low = middle + 1; else high = middle;
        }
        before[at] = low ? ends[low - 1] : -1;
        ends[low] = at;
      });
      const kept = new Set();
      for (let at = ends.length ? ends[ends.length - 1] : -1; at >= 0; at = before[at]) kept.add(at);
      for (let at = rows.length - 1, next = null; at >= 0; next = rows[at], at -= 1) {
        if (!kept.has(at)) body.insertBefore(rows[at], next);
      }
    }

    head(column) {
      const place = column < SHOWN ? column : SHOWN + this.state.added.indexOf(column);
      return this.table.tHead.rows[0].cells[place] || this.table.tHead.rows[0].cells[0];
    }

    turn(column) {
      const { sort, down } = this.state, first = !this.head(column).classList.contains("t");
      if (sort !== column) this.sort(column, first);
      else if (down === first) this.sort(column, !first);
      else this.sort(-1, true);
    }

    mark() {
      const { sort, down } = this.state;
      for (const [node, at] of this.buttons) node.setAttribute("aria-pressed", String(at === sort && (at < 0 || down)));
      for (const head of this.table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
      if (sort >= 0) this.head(sort).setAttribute("aria-sort", down ? "descending" : "ascending");
      this.table.classList.toggle("sorted", sort >= 0);
    }

    // Filtering: by what a row says, or by a range of layers; the totals follow.
    filter(text, range = null) {
      this.close();
      Object.assign(this.state, { filter: text.trim(), range });
      if (this.field.value.trim() !== this.state.filter) this.field.value = this.state.filter;
      const wanted = this.state.filter.toLowerCase();
      const shown = this.rows.map((row, at) => this.texts[at].includes(wanted) && (!range || (at >= range[0] && at < range[1])));
      this.rows.forEach((row, at) => { if (row.hidden === shown[at]) row.hidden = !shown[at]; });
      const number = shown.filter(Boolean).length, whole = number === this.rows.length;
      this.told.textContent = whole ? "" : `${number} of ${this.rows.length} layers`;
      for (const [place, [cell, text_]] of this.total.entries()) {
        if (SUMMED.includes(place)) cell.textContent = whole ? text_ : this.sum(place, shown);
        else if (text_) cell.textContent = whole ? text_ : "Shown";
      }
      this.remember();
    }

    sum(column, shown) {
      const texts = this.rows.map((_, at) => (shown[at] ? this.cell(at, column) : "")).filter(Boolean);
      const known = texts.map(value).filter((one) => one !== null);
      return (texts.some((text) => text === UNKNOWN) ? "≥ " : "") + grouped(String(known.reduce((a, b) => a + b, 0)));
    }

    // Columns: the nine that stand are hidden by class; the others are made of the lines under the table.
    column(at, on) {
      this.close();
      if (at < SHOWN) {
        this.table.classList.toggle(`h${at + 1}`, !on);
        this.state.hidden = on ? this.state.hidden.filter((one) => one !== at) : [...this.state.hidden, at];
      } else {
        const added = this.state.added.filter((one) => one !== at);
        this.state.added = on ? [...added, at].sort((a, b) => a - b) : added;
        const rows = [this.table.tHead.rows[0], ...this.rows, ...(this.table.tFoot ? this.table.tFoot.rows : [])];
        for (const row of rows) while (row.cells.length > SHOWN) row.lastElementChild.remove();
        for (const column of this.state.added) {
          const text = this.more.some((line) => value(line[column - SHOWN] || "") === null && !["", UNKNOWN].includes(line[column - SHOWN]));
          const head = make("th", { scope: "col", className: text ? "t" : "" }, button(this.further[column - SHOWN], () => this.turn(column)));
          this.table.tHead.rows[0].append(head);
          this.rows.forEach((row, place) => row.append(make("td", { className: text ? "t" : "", textContent: grouped(this.cell(place, column)) })));
          for (const row of this.table.tFoot ? this.table.tFoot.rows : []) row.append(make("td"));
        }
        this.table.classList.toggle("roomy", this.state.added.length > 0);
        this.mark();
      }
      all("input[type=checkbox]", this.menu).forEach((box, place) => { if ((place ? place + 1 : 0) === at) box.checked = on; });
      this.remember();
    }

    // Out of the page: all columns of the rows that are shown, in their order.
    records() {
      const columns = [...this.heads, ...this.further].map((name, at) => [name, at]).filter(([, at]) => at !== 0 && at !== 7);
      const plain = (text) => (value(text) !== null && /^[\d,]+$/.test(text) ? text.replace(/,/g, "") : text.replace(/[\t\n\r]+/g, " "));
      const rows = this.order.filter((at) => !this.rows[at].hidden);
      return [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, at]) => plain(this.cell(row, at))))];
    }

    async copy() {
      const text = this.records().map((row) => row.join("\t")).join("\n");
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        const area = make("textarea", { value: text });
        this.box.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      this.copied.textContent = "Copied";
      setTimeout(() => { this.copied.textContent = "Copy as TSV"; }, 1500);
    }

    download() {
      const safe = (text) => (/^[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && value(text) === null ? `'${text}` : text);
      const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
      const text = this.records().map((row) => row.map(safe).map(quoted).join(",")).join("\n") + "\n";
      const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      const link = make("a", { href: address, download: `${this.net.id}-layers.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    }

    // A row unfolds: bottoms, tops, all other columns, how its figures came about.
    unfold(at) {
      const row = this.rows[at], open = row.nextElementSibling;
      if (open && open.classList.contains("unfolded")) { open.remove(); row.classList.remove("open"); return; }
      const list = make("dl");
      this.further.forEach((name, column) => {
        const text = (this.more[at] || [])[column];
        if (text) list.append(make("div", {}, make("dt", { textContent: name }), make("dd", { textContent: grouped(text) })));
      });
      const number = (this.more[at] || [])[0];
      for (const [index, what, ...words] of this.formulas.slice(1)) {
        if (index === number) list.append(make("div", { className: "formula" }, make("dt", { textContent: what }), make("dd", { textContent: words.filter(Boolean).join(" · ") })));
      }
      const cell = make("td", { colSpan: SHOWN + this.state.added.length }, list);
      row.after(make("tr", { className: "unfolded" }, cell));
      row.classList.add("open");
    }

    close() {
      for (const row of all("tr.unfolded", this.table)) row.remove();
      for (const row of all("tr.open", this.table)) row.classList.remove("open");
    }

    clicked(event) {
      const row = event.target.closest("tbody tr");
      if (!row || event.target.closest("a, button") || row.classList.contains("unfolded")) return;
      if (!String(getSelection())) { this.go(this.rows.indexOf(row)); this.unfold(this.rows.indexOf(row)); }
    }

    // Arrow keys walk the layers that are shown; Enter unfolds one.
    pressed(event) {
      if (event.target !== this.box) return;
      const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
      if (step) {
        const shown = this.order.filter((at) => !this.rows[at].hidden);
        const next = shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(this.at) + step))];
        if (next !== undefined) this.go(next, true);
        event.preventDefault();
      } else if (event.key === "Enter" && this.at !== undefined) this.unfold(this.at);
    }

    go(at, seen = false) {
      for (const row of all("[aria-current]", this.table)) row.removeAttribute("aria-current");
      this.at = at;
      this.rows[at].setAttribute("aria-current", "true");
      if (seen) {
        this.rows[at].scrollIntoView({ block: "nearest" });
        this.told.textContent = `${this.names[at]}: ${this.cell(at, DATA)} B`;
      }
      document.dispatchEvent(new CustomEvent("layer", { detail: { net: this.net.id, at } }));
    }

    light(from, to) {
      for (const row of this.lit || []) row.classList.remove("lit");
      this.lit = this.rows.slice(from, to);
      for (const row of this.lit) row.classList.add("lit");
    }

    // The address holds what is chosen: #a1n0?sort=5&filter=conv
    remember() {
      if (!this.ready) return;
      const { sort, down, filter, range, added, hidden } = this.state, said = new URLSearchParams();
      if (sort >= 0) said.set("sort", `${down ? "-" : ""}${sort}`);
      if (filter) said.set("filter", filter);
      if (range) said.set("layers", range.join("-"));
      if (added.length) said.set("columns", added.join("."));
      if (hidden.length) said.set("without", hidden.join("."));
      const text = String(said);
      history.replaceState(null, "", text ? `#${this.net.id}?${text}` : `#${this.net.id}`);
    }

    recall(said) {
      const places = (name) => (said.get(name) || "").split(".").filter(Boolean).map(Number).filter((at) => at >= 0 && at < SHOWN + this.further.length && at !== 1);
      for (const at of places("columns")) if (at >= SHOWN) this.column(at, true);
      for (const at of places("without")) if (at < SHOWN) this.column(at, false);
      const sort = said.get("sort");
      if (/^-?\d+$/.test(sort || "") && Math.abs(sort) < SHOWN + this.further.length) this.sort(Math.abs(sort), sort[0] === "-");
      const range = /^(\d+)-(\d+)$/.exec(said.get("layers") || "");
      if (said.get("filter") || range) this.filter(said.get("filter") || "", range ? [Number(range[1]), Number(range[2])] : null);
    }
  }
  const sheets = new Map(all(".net").filter((net) => net.querySelector("table.layers")).map((net) => [net.id, new Sheet(net)]));
  const [anchor, said] = location.hash.slice(1).split("?");
  if (said && sheets.has(anchor)) sheets.get(anchor).recall(new URLSearchParams(said));
  for (const sheet of sheets.values()) sheet.ready = true;
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]"), sheet = tab && sheets.get(tab.getAttribute("aria-controls"));
    if (sheet) sheet.remember();
  });

  // --- the memory story --------------------------------------------------------------------------------------------
  const svg = (tag, properties) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, text] of Object.entries(properties)) node.setAttribute(name, text);
    return node;
  };
  class Picture {
    constructor(box, story) {
      this.box = box;
      this.story = story;
      this.svg = box.querySelector("svg.chart");
      this.scroll = box.querySelector(".scroll");
      this.sheets = box.dataset.nets.split(" ").map((id) => sheets.get(id)).filter(Boolean);
      [this.left, this.right, this.width] = box.dataset.ends.split(" ").map(Number);
      const ranges = [...box.dataset.slots.matchAll(/(\d+):(\d+)-(\d+)/g)].map((found) => found.slice(1).map(Number));
      this.slots = box.dataset.slots ? ranges : this.sheets.flatMap((sheet, net) => sheet.rows.map((_, at) => [net, at, at + 1]));
      this.view = [0, this.slots.length];
      if (!this.svg || !this.slots.length || this.slots.some(([net]) => !this.sheets[net])) return;
      this.cross = svg("path", { class: "cross" });
      this.brush = svg("rect", { class: "brush", y: 26, height: 370, width: 0 });
      this.svg.append(this.brush, this.cross);
      const on = (name, act) => this.svg.addEventListener(name, act);
      on("pointermove", (event) => this.moved(event));
      on("pointerleave", () => { if (this.from === undefined) this.point(null); });
      on("pointerdown", (event) => {
        this.from = this.slot(event);
        if (this.from !== null && event.pointerType === "mouse") this.svg.setPointerCapture(event.pointerId);
      });
      on("pointerup", (event) => this.released(event));
      this.scroll.addEventListener("keydown", (event) => this.pressed(event));
    }

    place(slot) { return this.left + ((slot - this.view[0]) / (this.view[1] - this.view[0])) * (this.right - this.left); }

    slot(event) {
      const box = this.svg.getBoundingClientRect();
      const share = (((event.clientX - box.left) / box.width) * this.width - this.left) / (this.right - this.left);
      if (share < 0 || share >= 1) return null;
      return Math.floor(this.view[0] + share * (this.view[1] - this.view[0]));
    }

    moved(event) {
      const slot = this.slot(event);
      this.point(slot);
      if (event.buttons && this.from !== undefined && this.from !== null && slot !== null) {
        const [a, b] = [this.from, slot].sort((x, y) => x - y);
        this.brush.setAttribute("x", this.place(a));
        this.brush.setAttribute("width", a === b ? 0 : this.place(b + 1) - this.place(a));
      }
    }

    released(event) {
      const from = this.from, to = this.slot(event);
      this.from = undefined;
      if (from === undefined || from === null || to === null) return;
      if (from === to) this.choose(to);
      else this.select(Math.min(from, to), Math.max(from, to));
    }

    // One slot under the pointer or the keys: a line, what it is, its rows.
    point(slot, lit = true) {
      this.at = slot;
      for (const sheet of this.sheets) sheet.light(0, 0);
      if (slot === null || slot < this.view[0] || slot >= this.view[1]) { this.cross.setAttribute("d", ""); this.story.say(""); return; }
      const x = (this.place(slot) + this.place(slot + 1)) / 2;
      this.cross.setAttribute("d", `M${x.toFixed(1)} 26V396`);
      const [net, start, stop] = this.slots[slot], sheet = this.sheets[net];
      if (lit) sheet.light(start, stop);
      this.story.say(this.words(sheet, start, stop));
    }

    words(sheet, start, stop) {
      const sum = (from, to) => sheet.rows.slice(from, to).reduce((total, _, at) => total + (value(sheet.cell(from + at, DATA)) || 0), 0);
      const own = sum(start, stop), whole = sum(0, sheet.rows.length);
      const name = stop - start === 1 ? `${sheet.names[start]}, ${sheet.cell(start, 3).replace(/\n/g, "; ")}` : `${sheet.names[start]} … ${sheet.names[stop - 1]}, ${stop - start} layers`;
      const logged = (sheet.more[stop - 1] || [])[sheet.further.indexOf("Running, logged, B")];
      const share = whole ? ` (${((100 * own) / whole).toFixed(1)} %)` : "";
      return `${name}: own data ${size(own)}${share}, data up to here ${size(sum(0, stop))}${value(logged || "") ? `, logged ${size(value(logged))}` : ""}`;
    }

    // A click leads to the layer's row, or unfolds the module; a range filters the table.
    choose(slot) {
      const [net, start, stop] = this.slots[slot], sheet = this.sheets[net];
      if (stop - start > 1 && this.story.unfold(this, start, stop)) return;
      if (stop - start > 1) { this.select(slot, slot); return; }
      location.hash = sheet.rows[start].id;
    }

    select(first, last) {
      const [net, start] = this.slots[first], [other, , stop] = this.slots[last], sheet = this.sheets[net];
      const end = net === other ? stop : sheet.rows.length;
      sheet.filter("", [start, end]);
      this.brush.setAttribute("x", this.place(first));
      this.brush.setAttribute("width", this.place(last + 1) - this.place(first));
      this.story.say(`Only these layers stand in the table: ${this.words(sheet, start, end)}. Escape shows all.`);
    }

    clear() {
      this.brush.setAttribute("width", 0);
      for (const sheet of this.sheets) if (sheet.state.range) sheet.filter("");
      this.zoom(0, this.slots.length);
      this.point(null);
    }

    pressed(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      if (step) {
        const now = this.at === null || this.at === undefined ? this.view[0] - (step > 0 ? 1 : -1) : this.at;
        const next = Math.max(this.view[0], Math.min(this.view[1] - 1, now + step));
        this.pin = event.shiftKey ? (this.pin ?? Math.max(this.view[0], now)) : undefined;
        this.point(next);
        if (event.shiftKey) this.select(Math.min(this.pin, next), Math.max(this.pin, next));
        event.preventDefault();
      } else if (event.key === "Enter" && this.at >= 0 && this.at !== null) this.choose(this.at);
      else if (event.key === "Escape") this.clear();
    }

    // A part of the axis over the whole width: marks are stretched, names are written anew.
    zoom(from, to) {
      this.view = [from, to];
      const whole = from === 0 && to === this.slots.length;
      if (!this.stage) {
        const id = `stage${Picture.number = (Picture.number || 0) + 1}`;
        const clip = svg("clipPath", { id });
        clip.append(svg("rect", { x: this.left, y: 0, width: this.right - this.left, height: 400 }));
        const frame = svg("g", { "clip-path": `url(#${id})` });
        this.stage = svg("g", {});
        frame.append(this.stage);
        const marks = all("path.layer, path.line, path.bar", this.svg).filter((mark) => mark.getBBox().x < this.right);
        if (marks.length) marks[0].before(clip, frame);
        this.stage.append(...marks);
        this.labels = svg("g", {});
        this.svg.append(this.labels);
      }
      const scale = this.slots.length / (to - from);
      const shift = this.left - scale * (this.left + (from / this.slots.length) * (this.right - this.left));
      this.stage.setAttribute("transform", whole ? "" : `matrix(${scale} 0 0 1 ${shift} 0)`);
      this.svg.classList.toggle("zoomed", !whole);
      this.labels.replaceChildren();
      const ends = [0, 0, 0];
      for (let slot = from; !whole && slot < to; slot += 1) {
        const [net, at] = this.slots[slot], text = this.sheets[net].names[at].split("/").pop();
        const half = text.length * 3, middle = this.place(slot + 0.5), row = ends.findIndex((end) => middle - half >= end);
        if (row < 0) continue;
        ends[row] = middle + half + 4;
        const node = svg("text", { class: "t-name a-m", x: middle, y: 248 + 13 * row });
        node.textContent = text;
        this.labels.append(node);
      }
    }
  }

  class Memory {
    constructor(figure) {
      this.pictures = all(".picture", figure).map((box) => new Picture(box, this));
      this.told = make("output", { className: "readout" });
      const unique = (key) => [...new Set(this.pictures.map(({ box }) => box.dataset[key]))];
      this.groups = ["of", "grain"].map((key) => [key, unique(key).map((name) => {
        const node = button(name, () => { this[key] = name; this.show(); });
        return [name, node];
      })]);
      const tools = make("div", { className: "tools" });
      for (const [, nodes] of this.groups) if (nodes.length > 1) tools.append(make("span", { className: "group" }, ...nodes.map(([, node]) => node)));
      tools.append(make("span", { className: "keys", textContent: "Point, drag, or use the arrow keys in the picture; ? shows the keys." }));
      figure.querySelector(".picture").before(tools);
      all(".picture", figure).pop().after(this.told);
      ({ of: this.of, grain: this.grain } = this.pictures[0].box.dataset);
      this.show();
      document.addEventListener("layer", ({ detail }) => {
        const slot = this.shown.slots.findIndex(([net, start, stop]) => this.shown.sheets[net] && this.shown.sheets[net].net.id === detail.net && detail.at >= start && detail.at < stop);
        if (slot >= 0) this.shown.point(slot, false);
      });
    }

    find(of, grain) { return this.pictures.find(({ box }) => box.dataset.of === of && box.dataset.grain === grain); }

    show() {
      this.shown = this.find(this.of, this.grain) || this.pictures.find(({ box }) => box.dataset.of === this.of);
      for (const picture of this.pictures) picture.box.hidden = picture !== this.shown;
      for (const [key, nodes] of this.groups) {
        for (const [name, node] of nodes) {
          node.setAttribute("aria-pressed", String(this.shown.box.dataset[key] === name));
          if (key === "grain") node.disabled = !this.find(this.of, name);
        }
      }
    }

    say(text) { this.told.textContent = text; }

    unfold(picture, start, stop) {
      const fine = picture.sheets.length === 1 && this.find(picture.box.dataset.of, "by layer");
      if (!fine || fine === picture) return false;
      this.grain = "by layer";
      this.show();
      fine.zoom(start, stop);
      this.say("One module, layer by layer. Escape or “by layer” shows the whole net.");
      fine.scroll.focus({ preventScroll: true });
      return true;
    }
  }
  for (const figure of all(".story")) if (figure.querySelector(".picture")) new Memory(figure);

  // --- keys ----------------------------------------------------------------------------------------------------------
  const help = make("dialog", { className: "help" }, make("h2", { textContent: "Keys" }));
  const keys = [["/", "filter the layers"], ["↑ ↓", "walk the layers, in the table"], ["Enter", "unfold a layer, or a module in the picture"],
    ["← →", "walk the layers, in the picture; with Shift a range of them"], ["Escape", "show all layers again"], ["?", "these keys"]];
  const list = make("dl");
  for (const [key, text] of keys) list.append(make("div", {}, make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: text })));
  help.append(list, button("Close", () => help.close()));
  help.setAttribute("aria-label", "Keys");
  document.body.append(help);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const sheet = [...sheets.values()].find(({ net }) => !net.hidden);
    if (event.key === "/" && sheet) {
      event.preventDefault();
      sheet.field.scrollIntoView({ block: "center" });
      sheet.field.focus({ preventScroll: true });
    } else if (event.key === "?" && !help.open) help.showModal();
  });
})();
