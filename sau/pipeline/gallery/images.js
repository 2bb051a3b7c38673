// The images: which of them are shown, and in what order.

const data = JSON.parse(document.getElementById("data").textContent);
const KINDS = data.kinds;
const collator = new Intl.Collator("en", { numeric: true });
const pictures = new Map();

data.images.forEach((image, place) => {
  image.place = place; // by class, kind, and then best first
  image.rules ??= {};
  const said = [image.id, image.prompt, image.reason, image.failure, data.classes[image.label]];
  image.said = [...said, ...Object.values(image.rules)].filter(Boolean).join("\n").toLowerCase();
});

// The pictures of a class are parsed when the first of them is shown.
function sourceOf(image) {
  if (!pictures.has(image.label)) {
    const block = document.getElementById(`pictures-${image.label}`);
    pictures.set(image.label, JSON.parse(block.textContent));
    block.remove();
  }
  return pictures.get(image.label)[image.picture];
}

function chosenImages(state) {
  const wanted = state.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data.images.filter(
    (image) =>
      (state.class === "" || image.label === Number(state.class)) &&
      (state.kind === "" || image.kind === state.kind) &&
      (state.rule === "" || Object.hasOwn(image.rules, state.rule)) &&
      wanted.every((word) => image.said.includes(word)),
  );
  return inOrder(found, state.sort, state.order === "descending" ? -1 : 1);
}

// Images without the figure come last in either order; ties keep their place.
function inOrder(images, key, sign) {
  if (key === "class") return sign > 0 ? images : images.reverse();
  if (key === "id") return images.sort((a, b) => sign * collator.compare(a.id, b.id));
  const [measured, others] = [[], []];
  for (const image of images) (image[key] === undefined ? others : measured).push(image);
  return [...measured.sort((a, b) => sign * (a[key] - b[key])), ...others];
}
