// Elements and numbers. What is said goes into an element as text; nothing here reads HTML.

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

// Text from outside: it does not turn what stands around it, and what would turn itself is named.
function foreign(name, className, text) {
  const plain = text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (sign) => `[U+${codeOf(sign)}]`);
  const made = element(name, className, plain);
  made.dir = "auto";
  return made;
}

function codeOf(sign) {
  return sign.charCodeAt(0).toString(16).toUpperCase();
}

function option(value, text) {
  const made = foreign("option", "", text);
  made.value = value;
  return made;
}

function count(number) {
  return number.toLocaleString("en");
}

function figure(number, digits = 4) {
  return String(Number(number.toPrecision(digits)));
}
