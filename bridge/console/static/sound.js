// Three short signals, made on the spot: nothing to download, distinct by ear.

import { keepSetting, recallSetting } from "./settings.js";

const TUNES = {
  fresh: [[660, 0], [880, 0.16]],
  changed: [[740, 0], [740, 0.18], [740, 0.36]],
  void: [[440, 0], [294, 0.22]],
};

let context = null;
let wanted = recallSetting("sound") === "on";

/** "fresh", "changed" or "void"; silent if not wanted or not allowed. */
export function play(name) {
  if (!wanted || !isAllowed()) return;
  for (const [frequency, after] of TUNES[name]) beep(frequency, context.currentTime + after);
}

/** The button switches it, plays a sample, and says when the browser blocks it. */
export function setUpSound(button) {
  const paint = () => {
    const blocked = wanted && !isAllowed();
    button.textContent = blocked ? "Sound blocked: touch" : wanted ? "Sound on" : "Sound off";
    button.classList.toggle("blocked", blocked);
    button.setAttribute("aria-pressed", String(wanted));
  };
  const allow = async () => {
    if (wanted && !isAllowed()) await resume();
    paint();
  };
  button.addEventListener("click", async () => {
    const blocked = wanted && !isAllowed();
    if (!blocked) wanted = !wanted;
    keepSetting("sound", wanted ? "on" : "off");
    await allow();
    play("fresh");
  });
  // Any touch will do: browsers only want to see a person.
  for (const touch of ["pointerup", "keyup"]) {
    document.addEventListener(touch, (event) => button.contains(event.target) || allow());
  }
  paint();
}

function isAllowed() {
  return context !== null && context.state === "running";
}

async function resume() {
  if (typeof AudioContext === "undefined") return;
  context ??= new AudioContext();
  await context.resume();
}

function beep(frequency, at) {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = "triangle";
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.15);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.16);
}
