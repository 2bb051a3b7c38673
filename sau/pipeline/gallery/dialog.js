// One image, large, with all that is known of it.

const dialog = document.getElementById("picture");
const PIXELS_UP_TO = 64; // images of so many pixels are enlarged without blurring
let shown = null;

// Returns an image's element for a square of `side` pixels, or its gap with the reason.
function pictureOf(image, side) {
  if (image.picture === undefined) {
    const gap = foreign("span", "gap", image.failure);
    gap.style.width = gap.style.height = `${side}px`;
    return gap;
  }
  const longest = Math.max(image.width, image.height);
  const small = longest <= PIXELS_UP_TO;
  let factor = Math.min(side, 3 * Math.min(longest, data.side)) / longest;
  if (small) factor = Math.max(Math.floor(side / longest), side / longest < 1 ? side / longest : 1);
  const made = document.createElement("img");
  made.alt = image.prompt ?? image.id;
  made.width = Math.max(1, Math.round(image.width * factor));
  made.height = Math.max(1, Math.round(image.height * factor));
  made.className = small ? "pixels" : "";
  made.decoding = "async";
  made.src = sourceOf(image);
  return made;
}

function openDialog(image) {
  shown = image;
  const name = `${data.classes[image.label]}, ${image.kind}`;
  document.getElementById("picture-heading").replaceChildren(foreign("bdi", "", name));
  const side = Math.min(512, Math.max(64, innerWidth - 80), Math.max(64, innerHeight - 160));
  dialog.querySelector(".large").replaceChildren(pictureOf(image, side));
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const [term, text] of factsOf(image)) {
    list.append(element("dt", "", term), foreign("dd", "", text));
  }
  const index = view.indexOf(image);
  for (const button of dialog.querySelectorAll("[data-step]")) {
    const step = Number(button.dataset.step);
    button.disabled = step !== 0 && (index < 0 || view[index + step] === undefined);
  }
  if (!dialog.open) dialog.showModal();
  writeAddress(image);
}

function factsOf(image) {
  const facts = [["prompt", image.prompt]];
  if (image.kind === "kept") facts.push(["kept", image.reason]);
  for (const [rule, reason] of Object.entries(image.rules)) {
    facts.push([`rejected: ${data.rules[rule]}`, reason]);
  }
  facts.push(["cannot be shown", image.failure]);
  for (const [measure, name] of Object.entries(data.measures)) {
    if (image[measure] !== undefined) facts.push([name.split(":")[0], figure(image[measure])]);
  }
  facts.push(["zero-shot class", data.classes[image.zero_shot]]);
  facts.push(["rank in its class", image.rank && count(image.rank)]);
  facts.push(["perceptual hash", image.perceptual_hash]);
  if (image.kind !== "real") {
    facts.push(["origin", image.seed === undefined ? "imported" : "generated"]);
  }
  facts.push(["seed", image.seed]);
  facts.push(["pixels", image.width && `${image.width} × ${image.height}`]);
  facts.push(["id", image.id]);
  return facts.filter(([, text]) => text !== undefined && text !== "");
}

function stepDialog(step) {
  const index = view.indexOf(shown);
  const next = index < 0 ? undefined : view[index + step];
  if (next) openDialog(next);
}

dialog.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (event.target === dialog || button?.dataset.step === "0") dialog.close();
  else if (button) stepDialog(Number(button.dataset.step));
});

dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) stepDialog(step);
});

dialog.addEventListener("close", () => {
  const index = view.indexOf(shown);
  shown = null;
  writeAddress(null);
  if (index >= 0) focusCard(index);
});
