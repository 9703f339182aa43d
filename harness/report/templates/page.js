"use strict";
(() => {
  const overview = document.getElementById("overview");
  const shown = document.getElementById("case");
  const title = document.title;
  let left = { scroll: 0, focus: null };

  // The timelines lie in the page as gzip in base64. They were escaped before they were packed.
  async function unpacked(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  async function route() {
    const name = location.hash.slice(1);
    const data = document.getElementById("data:" + name);
    if (!data) {
      if (shown.hidden) return;
      shown.hidden = true;
      shown.replaceChildren();
      overview.hidden = false;
      document.title = title;
      scrollTo(0, left.scroll);
      (left.focus ?? overview).focus({ preventScroll: true });
      return;
    }
    if (shown.hidden) left = { scroll: scrollY, focus: document.activeElement };
    const html = await unpacked(data.textContent);
    if (location.hash.slice(1) !== name) return;
    shown.innerHTML = html;
    shown.hidden = false;
    overview.hidden = true;
    document.title = name + " - " + title;
    scrollTo(0, 0);
    const heading = shown.querySelector("h1");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  shown.addEventListener("click", (event) => {
    if (!event.target.matches(".open-all")) return;
    const all = [...shown.querySelectorAll("details.exchange")];
    const open = !all.every((details) => details.open);
    for (const details of all) details.open = open;
    event.target.textContent = open ? "Close every request" : "Open every request";
  });

  const matrix = document.querySelector(".matrix");
  if (matrix) {
    const filter = document.getElementById("filter");
    const onlyBad = document.getElementById("only-bad");
    const rows = [...matrix.querySelectorAll("tr.scenario")];
    const texts = rows.map((row) => (row.parentNode.dataset.family + " " + row.firstElementChild.textContent).toLowerCase());

    const narrow = () => {
      const words = filter.value.toLowerCase().split(/\s+/);
      let count = 0;
      rows.forEach((row, at) => {
        const fits = words.every((word) => texts[at].includes(word)) && (!onlyBad.checked || row.classList.contains("bad"));
        row.hidden = !fits;
        if (fits) count += 1;
      });
      for (const body of matrix.tBodies) body.hidden = !body.querySelector("tr.scenario:not([hidden])");
      document.getElementById("count").textContent = count === rows.length ? "" : count + " of " + rows.length;
    };
    filter.addEventListener("input", narrow);
    onlyBad.addEventListener("change", narrow);
    filter.form.addEventListener("submit", (event) => event.preventDefault());
    narrow();

    // One stop for Tab in the whole matrix; arrows go on from there.
    const links = [...matrix.querySelectorAll("td a")];
    links.forEach((link, at) => { link.tabIndex = at === 0 ? 0 : -1; });
    matrix.addEventListener("focusin", (event) => {
      if (!event.target.matches("td a")) return;
      for (const link of matrix.querySelectorAll("td a[tabindex='0']")) link.tabIndex = -1;
      event.target.tabIndex = 0;
    });
    matrix.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td");
      if (!cell) return;
      const visible = rows.filter((row) => !row.hidden);
      const row = visible.indexOf(cell.parentNode);
      const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      let link = null;
      if (event.key === "Home") link = cell.parentNode.querySelector("td a");
      else if (event.key === "End") link = [...cell.parentNode.querySelectorAll("td a")].at(-1);
      else if (step) {
        for (let r = row + step[0], c = cell.cellIndex + step[1]; visible[r]?.cells[c] && c > 0 && !link; r += step[0], c += step[1]) {
          link = visible[r].cells[c].querySelector("a");
        }
      } else return;
      event.preventDefault();
      link?.focus();
    });
  }

  addEventListener("hashchange", route);
  // Who asked for one case sees it at once.
  const only = document.querySelectorAll("script[type='application/gzip']");
  if (only.length === 1 && !location.hash) history.replaceState(null, "", "#" + only[0].id.slice("data:".length));
  route();
})();
