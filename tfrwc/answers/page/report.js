(() => {
  "use strict";
  const NS = "http://www.w3.org/2000/svg";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Tables are sorted by a click on a head; what has no number comes last.
  const number = text => {
    const value = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(value) ? null : value;
  };
  for (const table of all("table")) {
    const heads = all("thead th", table);
    const body = table.tBodies[0];
    heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
      const words = head.classList.contains("text");
      const order = head.getAttribute("aria-sort");
      const up = order ? order === "descending" : words;
      const rows = [...body.rows].map(row => {
        const text = row.cells[column].textContent;
        return [words ? text : number(text), row];
      });
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const less = words ? a.localeCompare(b, "en", {numeric: true}) : a - b;
        return up ? less : -less;
      });
      body.append(...rows.map(([, row]) => row));
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    }));
  }

  // A choice of trend fades what is not of it, in figures and in the table.
  for (const field of all("fieldset.choice")) {
    field.hidden = false;
    field.addEventListener("change", event => {
      const chosen = event.target.value;
      for (const root of all(`[data-condition="${field.dataset.condition}"]`)) {
        if (root === field) continue;
        for (const mark of all("[data-trend]", root)) {
          mark.classList.toggle("off", chosen !== "all" && mark.dataset.trend !== chosen);
        }
      }
    });
  }

  // Zoom moves the part of a picture that is seen.
  const zoomable = figure => {
    const svg = figure.querySelector("svg");
    const whole = svg.viewBox.baseVal;
    const full = [whole.x, whole.y, whole.width, whole.height];
    let seen = [...full];
    const show = () => {
      seen[2] = Math.min(seen[2], full[2]);
      seen[3] = Math.min(seen[3], full[3]);
      seen[0] = Math.min(Math.max(seen[0], 0), full[2] - seen[2]);
      seen[1] = Math.min(Math.max(seen[1], 0), full[3] - seen[3]);
      svg.setAttribute("viewBox", seen.join(" "));
      svg.style.cursor = seen[2] < full[2] ? "move" : "";
    };
    const zoom = (by, x = 0.5, y = 0.5) => {
      const wide = Math.max(seen[2] * by, full[2] / 40), high = wide * full[3] / full[2];
      seen = [seen[0] + (seen[2] - wide) * x, seen[1] + (seen[3] - high) * y, wide, high];
      show();
    };
    const move = (x, y) => { seen[0] += x * seen[2]; seen[1] += y * seen[3]; show(); };
    const tools = figure.querySelector(".zoom");
    if (tools) {
      tools.hidden = false;
      tools.addEventListener("click", event => {
        const how = event.target.dataset.zoom;
        if (how === "all") { seen = [...full]; show(); }
        else if (how) zoom(how === "in" ? 0.7 : 1 / 0.7);
      });
    }
    svg.addEventListener("wheel", event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85,
        (event.clientX - box.x) / box.width, (event.clientY - box.y) / box.height);
    }, {passive: false});
    svg.addEventListener("pointermove", event => {
      if (event.buttons !== 1 || event.pointerType === "touch" || seen[2] >= full[2]) return;
      const box = svg.getBoundingClientRect();
      move(-event.movementX / box.width, -event.movementY / box.height);
    });
    svg.parentElement.addEventListener("keydown", event => {
      const step = {ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1]}[event.key];
      if (event.key === "+" || event.key === "=") zoom(0.7);
      else if (event.key === "-") zoom(1 / 0.7);
      else if (event.key === "0") { seen = [...full]; show(); }
      else if (step && seen[2] < full[2]) { move(...step); event.preventDefault(); }
    });
  };
  all("figure").forEach(zoomable);

  // Where there is no pointer that hovers, a touch shows what a mark says.
  const readout = document.getElementById("readout");
  document.addEventListener("pointerup", event => {
    if (event.pointerType !== "touch") return;
    let mark = event.target, title = null;
    while (mark instanceof SVGElement && mark.tagName !== "svg" && !title) {
      title = mark.querySelector(":scope > title");
      mark = mark.parentElement;
    }
    readout.hidden = !title;
    readout.textContent = title ? title.textContent : "";
  });

  // On paper nothing can be opened.
  window.addEventListener("beforeprint", () => {
    for (const details of all("details:not(.every, .block)")) details.open = true;
  });

  // Blocks are opened layer by layer, from values of 16 bits each.
  const {paints, conditions} = JSON.parse(document.getElementById("data").textContent);
  const unpack = condition => {
    const bytes = Uint8Array.from(atob(condition.values), letter => letter.charCodeAt(0));
    const codes = new DataView(bytes.buffer);
    const {low, high, log} = condition;
    return at => {
      const code = codes.getUint16(2 * at, true);
      if (code === 0) return NaN;
      if (code === 1) return 0;
      const share = (code - 2) / 65533;
      return log ? low * (high / low) ** share : low + (high - low) * share;
    };
  };
  const paint = (value, {dark, bright, log}) => {
    if (Number.isNaN(value)) return "url(#hatch)";
    if (value === 0 && log) return "url(#dots)";
    const share = log ? Math.log(value / dark) / Math.log(bright / dark) : (value - dark) / (bright - dark);
    return paints[Math.round(Math.min(Math.max(share, 0), 1) * (paints.length - 1))];
  };
  const text = value => {
    if (Number.isNaN(value)) return "no value";
    if (value === 0) return "exactly 0";
    const power = Math.floor(Math.log10(Math.abs(value)));
    if (power >= -4 && power < 3) return String(Number(value.toPrecision(3)));
    const [digits, sign] = value.toExponential(2).split("e");
    return `${Number(digits)}e${sign[0]}${sign.slice(1).padStart(2, "0")}`;
  };
  const make = (parent, name, attributes, inner) => {
    const element = document.createElementNS(NS, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (inner !== undefined) element.textContent = inner;
    parent.append(element);
    return element;
  };
  const CELLS = 20000, ROW = 13, LEFT = 240, WIDE = 1040;
  const values = conditions.map(condition => {
    let found;
    return () => found || (found = unpack(condition));
  });
  const open = details => {
    const which = +details.dataset.condition, condition = conditions[which];
    const first = +details.dataset.first, last = +details.dataset.last;
    const value = values[which](), columns = condition.labels.length;
    const step = Math.ceil((last - first + 1) * columns / CELLS);
    const shown = Math.ceil(columns / step), cell = (WIDE - LEFT) / shown;
    const figure = document.createElement("figure");
    const scroll = document.createElement("div");
    scroll.className = "scroll";
    const high = (last - first + 1) * ROW + 6;
    const svg = make(scroll, "svg", {viewBox: `0 0 ${WIDE} ${high}`, width: WIDE, height: high, role: "img",
      "aria-label": `Change of each layer of ${details.firstElementChild.textContent}`});
    for (let layer = first; layer <= last; layer++) {
      const row = make(svg, "g", {transform: `translate(0 ${(layer - first) * ROW})`});
      const name = condition.names[layer];
      const label = make(row, "text", {x: LEFT - 6, y: 10, "text-anchor": "end"},
        name.length > 38 ? `${name.slice(0, 19)}…${name.slice(-18)}` : name);
      make(label, "title", {}, name);
      for (let i = 0; i < shown; i++) {
        const amount = value(layer * columns + i * step), fill = paint(amount, condition);
        const mark = make(row, "rect", {x: (LEFT + i * cell).toFixed(2), width: (cell + .2).toFixed(2), height: ROW, fill});
        make(mark, "title", {}, `${name}, ${condition.labels[i * step]}: ${text(amount)}`);
      }
    }
    figure.append(scroll);
    const caption = document.createElement("figcaption");
    caption.textContent = "Each row a layer, in the colours of the picture above. "
      + (step > 1 ? `Of ${columns} columns, each ${step}th is drawn. ` : "")
      + (condition.widest > 1 ? `Each column is the median of up to ${condition.widest} records.` : "");
    figure.append(caption);
    details.append(figure);
  };
  for (const details of all("details.block")) {
    details.addEventListener("toggle", () => {
      if (details.open && !details.querySelector("figure")) open(details);
    });
  }
})();
