// The grid: elements for the rows in sight and half a window beyond, whatever the number of images.

const grid = document.getElementById("grid");
const drawn = new Map(); // elements by row
let view = [];
let placed = { rows: [], height: 0, across: 0, width: 0, size: "", measure: "" };
let drawing = false;
let inSight = 0; // the first image in sight

function showImages(images) {
  view = images;
  place();
  const above = grid.getBoundingClientRect().top - hiddenAbove();
  if (above < 0) scrollBy(0, above);
  draw();
}

function place() {
  const { sort, size } = state();
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const measure = data.measures[sort] ? sort : "score";
  const width = grid.clientWidth;
  placed = { ...layOut(view, sort === "class", size, width, rem), width, size, measure };
  grid.style.height = `${placed.height}px`;
  grid.style.setProperty("--tile", `${SIZES[size]}px`);
  grid.style.setProperty("--across", `${placed.across}px`);
  grid.replaceChildren();
  drawn.clear();
}

// What the controls cover while they stay at the top of the window.
function hiddenAbove() {
  return getComputedStyle(form).position === "sticky" ? form.offsetHeight : 0;
}

function draw() {
  drawing = false;
  const { rows } = placed;
  if (!rows.length) {
    grid.replaceChildren(element("p", "soft", "No image is as asked for."));
    return;
  }
  const { top } = grid.getBoundingClientRect();
  const sight = rows[rowAt(rows, hiddenAbove() - top)];
  inSight = sight.first ?? sight.heading.index;
  const first = rowAt(rows, -top - innerHeight / 2);
  const last = rowAt(rows, -top + 1.5 * innerHeight);
  let before = null; // elements stand in the order of the rows: the tab key and readers follow it
  for (const [row, made] of drawn) {
    if (row >= first && row <= last) continue;
    if (!made.contains(document.activeElement)) {
      made.remove();
      drawn.delete(row);
    } else if (row < first) before = made;
  }
  for (let row = first; row <= last; row += 1) {
    if (!drawn.has(row)) {
      const made = rows[row].heading ? headingOf(rows[row]) : rowElement(rows[row]);
      made.style.top = `${rows[row].top}px`;
      if (before) before.after(made);
      else grid.prepend(made);
      drawn.set(row, made);
    }
    before = drawn.get(row);
  }
}

function headingOf({ heading }) {
  const made = element("h2", "heading");
  made.append(foreign("bdi", "", data.classes[heading.label]), `, ${heading.kind} `);
  const total = data.totals[heading.label][KINDS.indexOf(heading.kind)];
  made.append(element("span", "soft", `${count(heading.shown)} of ${count(total)}`));
  return made;
}

function rowElement({ first, last, lines, height }) {
  const made = element("div", "row");
  for (let index = first; index <= last; index += 1) made.append(card(index, lines, height));
  return made;
}

function card(index, lines, height) {
  const { measure, size } = placed;
  const image = view[index];
  const made = element("button", `card ${image.kind}`);
  made.type = "button";
  made.dataset.index = index;
  made.style.height = `calc(${height}px - .5rem)`;
  const value = image[measure] === undefined ? "" : figure(image[measure], 3);
  const tile = element("span", "tile");
  tile.append(pictureOf(image, SIZES[size]));
  const head = element("span", "head");
  head.append(element("span", "kind", image.kind), element("span", "value", value));
  made.append(tile, head);
  if (lines.name) made.append(foreign("span", "name", data.classes[image.label]));
  if (lines.prompt) made.append(foreign("span", "two", image.prompt ?? ""));
  if (lines.reason) made.append(foreign("span", "two soft", Object.values(image.rules)[0] ?? ""));
  made.title = image.prompt ?? image.id;
  return made;
}

// Scrolls to an image's card and gives it the focus.
function focusCard(index) {
  const row = placed.rows[rowOf(placed.rows, index)];
  const top = grid.getBoundingClientRect().top + row.top;
  const covered = hiddenAbove();
  if (top < covered) scrollBy(0, top - covered);
  else if (top + row.height > innerHeight) scrollBy(0, top + row.height - innerHeight);
  draw();
  grid.querySelector(`[data-index="${index}"]`).focus({ preventScroll: true });
}

// Returns the image that an arrow key leads to from another.
function neighbour(index, key) {
  if (key === "ArrowRight") return Math.min(index + 1, view.length - 1);
  if (key === "ArrowLeft") return Math.max(index - 1, 0);
  if (key === "Home") return 0;
  if (key === "End") return view.length - 1;
  const { rows } = placed;
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!step) return null;
  const own = rowOf(rows, index);
  let next = own + step;
  if (rows[next]?.heading) next += step;
  const row = rows[next];
  return row ? Math.min(row.first + index - rows[own].first, row.last) : index;
}

// A new width: the first image in sight stays there.
function placeAgain() {
  const kept = inSight;
  place();
  const { rows } = placed;
  const top = rows.length ? grid.getBoundingClientRect().top + rows[rowOf(rows, kept)].top : 0;
  if (kept) scrollBy(0, top - hiddenAbove());
  draw();
}

function drawSoon() {
  if (!drawing) requestAnimationFrame(draw);
  drawing = true;
}

grid.addEventListener("click", (event) => {
  const button = event.target.closest(".card");
  if (button) openDialog(view[button.dataset.index]);
});

grid.addEventListener("keydown", (event) => {
  const button = event.target.closest(".card");
  const next = button ? neighbour(Number(button.dataset.index), event.key) : null;
  if (next === null) return;
  event.preventDefault();
  focusCard(next);
});
