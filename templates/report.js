// Adds to a page that is whole without it: sorting, filtering, tabs, the remembered theme, links from charts to rows.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  // Theme: the radio buttons work by style alone; here they are remembered.
  const store = {
    get: () => { try { return localStorage.getItem("logparse-theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("logparse-theme", value); } catch { /* a private window */ } },
  };
  const kept = document.getElementById(`theme-${store.get()}`);
  if (kept) kept.checked = true;
  for (const radio of all(".theme input")) radio.addEventListener("change", () => store.set(radio.value));

  // Sorting: a click on a head sorts by it, largest first for numbers; a third click gives the first order back.
  const number = (text) => {
    const match = text.replace(/[,≥\s]/g, "").replace("−", "-").match(/^[<>]?(-?[\d.]+(?:e[-+]?\d+)?|-?inf)/);
    return match ? (match[1].endsWith("inf") ? Infinity * (match[1][0] === "-" ? -1 : 1) : parseFloat(match[1])) : null;
  };
  const sort = (table, index, direction) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, text: row.cells[index].textContent.trim() }));
    const numeric = !table.tHead.rows[0].cells[index].classList.contains("t");
    const value = ({ row, text }) => (direction ? (numeric ? number(text) : text.toLowerCase()) : Number(row.dataset.at));
    const sign = direction === "descending" ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === y) return a.row.dataset.at - b.row.dataset.at;
      if (x === null || y === null) return x === null ? 1 : -1; // what is not known stands last
      return (x < y ? -1 : 1) * sign;
    });
    body.append(...rows.map(({ row }) => row));
    for (const [at, head] of [...table.tHead.rows[0].cells].entries()) {
      if (at === index && direction) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    }
  };
  for (const table of all("table:not(.layers)")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 3) continue;
    rows.forEach((row, index) => { row.dataset.at = index; });
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      const button = make("button", { type: "button" });
      button.append(...head.childNodes);
      head.append(button);
      const order = head.classList.contains("t") ? ["ascending", "descending", ""] : ["descending", "ascending", ""];
      button.addEventListener("click", () => {
        sort(table, index, order[(order.indexOf(head.getAttribute("aria-sort") || "") + 1) % 3]);
      });
    });
  }

  // Tabs where a log has several nets; without scripts they stand under one another.
  const show = (net) => {
    const group = net.parentElement;
    for (const other of all(":scope > .net", group)) other.hidden = other !== net;
    for (const tab of all("[role=tab]", group)) {
      const chosen = tab.getAttribute("aria-controls") === net.id;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
  };
  for (const group of all(".nets")) {
    const nets = all(":scope > .net", group);
    if (nets.length < 2) continue;
    const list = make("div", { className: "tabs" });
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Nets");
    const tabs = nets.map((net) => {
      const tab = make("button", { type: "button", textContent: net.querySelector("h3").textContent });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", net.id);
      net.setAttribute("role", "tabpanel");
      tab.addEventListener("click", () => show(net));
      list.append(tab);
      return tab;
    });
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const at = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
      tabs[at].focus();
      show(nets[at]);
    });
    group.prepend(list);
    show(nets[0]);
  }

  // A link may lead into a hidden net, a filtered row or a closed table.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1).split("?")[0]));
    if (!target) return;
    const net = target.closest(".net");
    if (net && net.parentElement.querySelector("[role=tablist]")) show(net);
    target.hidden = false;
    for (let node = target.closest("details"); node; node = node.parentElement.closest("details")) node.open = true;
    target.scrollIntoView({ block: target.tagName === "TR" ? "center" : "start" });
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  // A bar of a chart leads to the row of its layer.
  document.addEventListener("click", (event) => {
    const mark = event.target.closest && event.target.closest("[data-row]");
    if (mark && mark.dataset.row) location.hash = mark.dataset.row;
  });

  // Where one is, in the table of contents.
  if (typeof IntersectionObserver === "function") {
    const links = new Map(all(".toc li a").map((link) => [link.hash.slice(1), link]));
    const seen = new Set();
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
      const current = [...links.keys()].find((id) => seen.has(id));
      for (const [id, link] of links) {
        if (id === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { rootMargin: "-15% 0px -60% 0px" });
    for (const id of links.keys()) { const node = document.getElementById(id); if (node) observer.observe(node); }
  }
  document.documentElement.classList.add("js");
})();
