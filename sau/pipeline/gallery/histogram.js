// Histograms: kept images above the line, rejected ones below it.

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 540, height: 190, left: 44, right: 12, top: 18, bottom: 30 };

function drawHistograms(measure, label) {
  PLOT.width = Math.min(540, grid.clientWidth);
  const found = data.histograms[measure];
  const all = data.classes.map((_, index) => index);
  const plots = [plot(found, measure, all, data.classes.length, "All classes")];
  if (label !== "") {
    plots.push(plot(found, measure, [Number(label)], Number(label), data.classes[label]));
  } else {
    plots.push(element("p", "soft hint", "Choose a class to see its histogram here."));
  }
  document.querySelector("#histograms .plots").replaceChildren(...plots);
}

// Returns a histogram of the classes `labels`; `entry` is where their mean stands.
function plot(found, measure, labels, entry, title) {
  const sums = (kind) =>
    found[kind].counts[0].map((_, bin) =>
      labels.reduce((sum, label) => sum + found[kind].counts[label][bin], 0),
    );
  const counts = { kept: sums("kept"), rejected: sums("rejected") };
  const made = element("figure", "plot");
  const caption = element("figcaption", "");
  caption.append(foreign("strong", "", title));
  for (const kind of ["kept", "rejected"]) {
    caption.append(legend(kind, counts[kind], found[kind], labels, entry));
  }
  const svg = svgElement("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img" });
  svg.setAttribute("aria-label", `${data.measures[measure]}: ${caption.textContent}`);
  drawBars(svg, counts, found);
  made.append(caption, svg);
  return made;
}

function legend(kind, counts, found, labels, entry) {
  const number = counts.reduce((sum, n) => sum + n, 0);
  const without = labels.reduce((sum, label) => sum + found.without[label], 0);
  let text = ` ${kind} ${count(number)}`;
  if (number) text += `, mean ${figure(found.means[entry])}`;
  if (without) text += `, ${count(without)} not measured`;
  return element("span", `legend ${kind}`, text);
}

function drawBars(svg, counts, found) {
  const bins = counts.kept.length;
  const highest = { kept: Math.max(...counts.kept), rejected: Math.max(...counts.rejected) };
  const width = (PLOT.width - PLOT.left - PLOT.right) / bins;
  const unit =
    (PLOT.height - PLOT.top - PLOT.bottom) / Math.max(highest.kept + highest.rejected, 1);
  const line = PLOT.top + highest.kept * unit;
  for (const kind of ["kept", "rejected"]) {
    counts[kind].forEach((number, bin) => {
      if (!number) return;
      const bar = svgElement("rect", {
        class: kind,
        x: PLOT.left + bin * width + 0.5,
        y: kind === "kept" ? line - number * unit : line,
        width: Math.max(width - 1, 0.5),
        height: number * unit,
      });
      const [low, high] = [bin, bin + 1].map((end) => figure(found.low + end * found.step));
      bar.append(svgElement("title", {}, `${low} to ${high}: ${count(number)} ${kind}`));
      svg.append(bar);
    });
    const edge = kind === "kept" ? PLOT.top : line + highest.rejected * unit;
    if (highest[kind]) drawLevel(svg, edge, highest[kind]);
  }
  svg.append(svgElement("path", { class: "axis", d: `M${PLOT.left} ${line}H${PLOT.width - PLOT.right}` }));
  drawTicks(svg, found, bins, width);
}

function drawLevel(svg, y, number) {
  svg.append(svgElement("path", { class: "grid", d: `M${PLOT.left} ${y}H${PLOT.width - PLOT.right}` }));
  svg.append(svgElement("text", { x: PLOT.left - 6, y: y + 4, "text-anchor": "end" }, count(number)));
}

// Labels every so many bins, so that the labels stay apart.
function drawTicks(svg, found, bins, width) {
  const most = Math.floor(PLOT.width / 54);
  const every = [1, 2, 5, 10, 20].find((step) => bins / step <= most);
  const first = Math.round(found.low / found.step);
  for (let bin = 0; bin <= bins; bin += 1) {
    if ((first + bin) % every) continue;
    const x = PLOT.left + bin * width;
    const y = PLOT.height - PLOT.bottom;
    svg.append(svgElement("path", { class: "axis", d: `M${x} ${y + 4}v4` }));
    const text = figure((first + bin) * found.step);
    svg.append(svgElement("text", { x, y: y + 21, "text-anchor": "middle" }, text));
  }
}

function svgElement(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
