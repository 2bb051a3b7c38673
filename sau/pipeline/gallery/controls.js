// The controls, and the address that leads to what they show.

const form = document.getElementById("controls");
const CONTROLS = ["class", "kind", "rule", "text", "sort", "order", "size", "measure"];
const defaults = {};
let waiting = 0;

function control(name) {
  return form.elements.namedItem(name);
}

function fillControls() {
  data.classes.forEach((name, label) => control("class").append(option(label, name)));
  for (const [rule, rejects] of Object.entries(data.rules)) {
    const images = data.images.filter((image) => Object.hasOwn(image.rules, rule)).length;
    if (images) control("rule").append(option(rule, `${rejects} (${count(images)})`));
  }
  for (const [measure, name] of Object.entries(data.measures)) {
    if (!data.histograms[measure]) continue;
    control("sort").append(option(measure, name.split(":")[0]));
    control("measure").append(option(measure, name));
  }
  if (!data.images.some((image) => image.rank !== undefined)) {
    control("sort").querySelector("[value=rank]").remove();
  }
  for (const name of ["kind", "rule"]) {
    control(name).closest("label").hidden = KINDS.length === 1; // real images alone
  }
  for (const name of CONTROLS) defaults[name] = control(name).value;
}

function state() {
  return Object.fromEntries(CONTROLS.map((name) => [name, control(name).value]));
}

// Sets the controls to what the address says, as far as they can be; returns the image's id in it.
function readAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const name of CONTROLS) {
    control(name).value = said.get(name) ?? defaults[name];
    if (control(name).value !== said.get(name) && said.has(name)) {
      control(name).value = defaults[name];
    }
  }
  return said.get("image");
}

// A moment later, as browsers refuse an address for each of many keystrokes.
function writeAddress(shown) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const said = new URLSearchParams();
    for (const [name, value] of Object.entries(state())) {
      if (value !== defaults[name]) said.set(name, value);
    }
    if (shown) said.set("image", shown.id);
    history.replaceState(null, "", `#${said}`);
  }, 150);
}
