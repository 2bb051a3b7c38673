// Where each image stands: rows of a known height, so that only those in sight need elements.

const SIZES = { small: 64, medium: 128, large: 224 }; // pixels of a tile

// Returns in pixels how wide a card is (`across`), how high all rows are (`height`), and the rows,
// `{top, height, ...}`: of a heading `{heading: {label, kind, index, shown}}`, or of images
// `{first, last, lines}`, whose `lines` say what is written under them.
function layOut(images, grouped, size, width, rem) {
  const gap = rem / 2;
  const narrowest = SIZES[size] + rem + 2; // padding and border
  const columns = Math.max(1, Math.floor((width + gap) / (narrowest + gap)));
  const across = Math.max(narrowest, Math.floor((width + gap) / columns - gap));
  const rows = [];
  let height = 0;
  const add = (high, row) => {
    rows.push({ top: height, height: high, ...row });
    height += high;
  };
  for (const [start, end] of grouped ? groups(images) : [[0, images.length]]) {
    const group = images.slice(start, end);
    const lines = linesOf(group, grouped, size);
    if (grouped) add(2.5 * rem, { heading: { ...group[0], index: start, shown: group.length } });
    for (let first = start; first < end; first += columns) {
      const last = Math.min(first + columns, end) - 1;
      add(SIZES[size] + (1 + lines.number) * rem + 2 + gap, { first, last, lines });
    }
  }
  return { rows, height, across };
}

function groups(images) {
  const found = [];
  images.forEach((image, index) => {
    const before = images[index - 1];
    const same = before && before.label === image.label && before.kind === image.kind;
    if (same) found.at(-1)[1] = index + 1;
    else found.push([index, index + 1]);
  });
  return found;
}

function linesOf(images, grouped, size) {
  if (size === "small") return { number: 1 };
  const lines = {
    name: !grouped,
    prompt: images.some((image) => image.prompt),
    reason: images.some((image) => image.kind === "rejected"),
  };
  return { ...lines, number: 1 + lines.name + 2 * lines.prompt + 2 * lines.reason };
}

// Returns the index of the row at a height, or of the nearest one.
function rowAt(rows, y) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].top + rows[middle].height > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Returns the index of the row that an image stands in.
function rowOf(rows, index) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if ((row.last ?? rows[middle + 1].first - 1) >= index) high = middle;
    else low = middle + 1;
  }
  return low;
}
