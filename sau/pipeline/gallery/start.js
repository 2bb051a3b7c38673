// From the controls to what is shown.

function update() {
  const now = state();
  const images = chosenImages(now);
  const counts = KINDS.map((kind) => [kind, images.filter((image) => image.kind === kind).length]);
  const each = counts.map(([kind, number]) => `${count(number)} ${kind}`).join(", ");
  document.getElementById("count").textContent =
    `${count(images.length)} of ${count(data.images.length)} images: ${each}`;
  if (now.measure) drawHistograms(now.measure, now.class);
  showImages(images);
}

function change() {
  update();
  writeAddress(null);
}

function followAddress() {
  const id = readAddress();
  update();
  const image = id === null ? undefined : data.images.find((other) => other.id === id);
  if (image) openDialog(image);
  else if (dialog.open) dialog.close();
}

function summarise() {
  const totals = KINDS.map((_, kind) => data.totals.reduce((sum, own) => sum + own[kind], 0));
  const all = totals.reduce((sum, number) => sum + number, 0);
  const each = KINDS.map((kind, index) => `${count(totals[index])} ${kind}`).join(", ");
  let text = `${data.dataset}: ${each} images of ${count(data.classes.length)} classes.`;
  if (data.images.length < all) {
    text += ` ${count(data.images.length)} of them are on this page: of each class `;
    text +=
      KINDS.length === 1
        ? "an even choice."
        : "and kind an even choice from the best to the worst. Histograms count all.";
  }
  const summary = document.getElementById("summary");
  summary.dir = "auto";
  summary.textContent = text;
}

fillControls();
summarise();
document.getElementById("histograms").hidden = !Object.keys(data.histograms).length;
control("text").addEventListener("input", change);
for (const name of CONTROLS) if (name !== "text") control(name).addEventListener("change", change);
form.addEventListener("reset", () => setTimeout(change)); // when the controls are reset
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", followAddress);
addEventListener("scroll", drawSoon, { passive: true });
followAddress();
new ResizeObserver(() => {
  if (grid.clientWidth === placed.width) return drawSoon();
  const { measure, class: label } = state();
  if (measure) drawHistograms(measure, label);
  return placeAgain();
}).observe(document.documentElement);
document.documentElement.dataset.ready = "yes";
