// What this one screen prefers: theme, size of the text, sound.

const THEMES = ["auto", "dark", "light"];
const SIZES = ["S", "M", "L", "XL"];

export function setUpTheme(button) {
  choose(button, "theme", THEMES, "auto", (value) => {
    document.documentElement.dataset.theme = value;
    button.textContent = `Theme ${value}`;
  });
}

export function setUpSize(button, changed) {
  choose(button, "size", SIZES, "M", (value) => {
    document.documentElement.dataset.size = value;
    button.textContent = `Text ${value}`;
    changed();
  });
}

/** Each press takes the next value; the screen remembers it. */
function choose(button, name, values, usual, apply) {
  let value = recallSetting(name);
  if (!values.includes(value)) value = usual;
  apply(value);
  button.addEventListener("click", () => {
    value = values[(values.indexOf(value) + 1) % values.length];
    keepSetting(name, value);
    apply(value);
  });
}

export function recallSetting(name) {
  try {
    return localStorage.getItem(`board.${name}`);
  } catch {
    return null; // a browser that keeps nothing: the usual values hold
  }
}

export function keepSetting(name, value) {
  try {
    localStorage.setItem(`board.${name}`, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}
