// Begins the terminal once its font is there, in the size in which 80 by 24 characters fit, and keeps the keys in it.
"use strict";
(() => {
  const WIDTH = 80, HEIGHT = 24, WIDE = 0.602, HIGH = 1.36, LEAST = 8, MOST = 24;
  const begin = window.onload;

  function size(place) {
    const across = place.clientWidth / (WIDTH + 1) / WIDE;
    const down = place.clientHeight / (HEIGHT + 0.5) / HIGH;
    return Math.max(LEAST, Math.min(MOST, Math.floor(Math.min(across, down))));
  }

  function input() {
    return document.querySelector(".xterm-helper-textarea");
  }

  window.onload = async (event) => {
    const place = document.querySelector("#terminal");
    const points = size(place);
    place.dataset.fontSize = points;
    try {
      await document.fonts.load(points + "px 'Roboto Mono'");
    } catch {
      // Another fixed font does as well.
    }
    begin(event);
    input()?.setAttribute("autocomplete", "off");  // some browsers ask their makers about fields to be filled in
    input()?.focus();
  };

  // A function key that the terminal has not got would search, reload or leave the page.
  window.addEventListener("keydown", (event) => {
    if (document.body.classList.contains("-closed")) {
      if (event.key === "Enter") window.location.reload();
      return;
    }
    const field = input();
    if (field && document.activeElement !== field) {
      field.focus();
      if (/^F\d+$/.test(event.key)) event.preventDefault();
    }
  }, true);
  for (const name of ["click", "focus"]) window.addEventListener(name, () => input()?.focus());
})();
