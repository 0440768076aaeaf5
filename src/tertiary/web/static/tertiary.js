// Small conveniences; pages are whole without them. No inline script or style is made, so the pages' policy holds.

const VEGA = ["/static/vega.js", "/static/vega-lite.js", "/static/vega-embed.js"];
let vega;

/** Scripts that draw, brought once and in order, by the first page that has a chart. */
function brought() {
  vega ??= VEGA.reduce((before, source) => before.then(() => new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: source, onload: done, onerror: () => failed(new Error(`${source} did not load`)) });
    document.head.append(script);
  })), Promise.resolve());
  return vega;
}

/** Draw the charts under an element from their specifications; where that fails, show the server's picture. */
async function draw(under) {
  for (const place of under.querySelectorAll("[data-chart]:empty")) {
    try {
      const answer = await fetch(place.dataset.chart);
      if (!answer.ok) throw new Error(`The chart was answered with ${answer.status}`);
      const [spec] = await Promise.all([answer.json(), brought()]);
      // ast: expressions are read by an interpreter, for the policy forbids eval; the style is in tertiary.css
      await vegaEmbed(place, spec, {
        renderer: "svg", actions: false, ast: true, defaultStyle: false, hover: false,
        tooltip: { disableDefaultStyle: true },
      });
      // the words say it all; hundreds of shapes would not
      place.querySelector("svg").setAttribute("aria-hidden", "true");
      place.setAttribute("role", "img");
      place.setAttribute("aria-label", place.dataset.words);
    } catch (error) {
      console.error(error);
      place.replaceChildren(instead(place));
    }
  }
}

/** What stands where a chart cannot be drawn. */
function instead(place) {
  const { picture } = place.parentElement.dataset;
  const made = document.createElement(picture ? "img" : "p");
  if (picture) Object.assign(made, { src: picture, alt: place.dataset.words });
  else made.textContent = "The chart could not be drawn. The table beside holds the figures.";
  return made;
}

/** Say something to those who hear the page. */
function say(words) {
  document.getElementById("app-status").textContent = words;
}

// forms that ask: the answer takes the place of the main part of the page, and the address follows
document.addEventListener("htmx:before:process", ({ target }) => {
  for (const form of target.querySelectorAll?.('form.app-form[method="get"]') ?? []) {
    const asked = {
      "hx-get": form.getAttribute("action"), "hx-target": "#maincontent", "hx-select": "#maincontent",
      "hx-swap": "outerHTML", "hx-push-url": "true",
    };
    for (const [name, value] of Object.entries(asked)) form.setAttribute(name, value);
  }
});

let left;
document.addEventListener("htmx:before:request", () => {
  left = document.activeElement.id;
  document.getElementById("maincontent").setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:after:swap", () => {
  const main = document.getElementById("maincontent");
  // those who chose with the keyboard go on where they were
  const next = (left && document.getElementById(left)) || main.querySelector("form.app-form button") || main.querySelector("h1");
  if (next.tagName === "H1") next.tabIndex = -1;
  next.focus({ preventScroll: true });
  const tables = [...main.querySelectorAll("caption")].map((caption) => caption.textContent.trim());
  say(`Shown: ${[main.querySelector("h1").textContent, ...tables].join(". ")}`);
  draw(main);
});
document.addEventListener("htmx:error", () => {
  document.getElementById("maincontent").removeAttribute("aria-busy");
  say("The server could not be reached. Nothing was changed; try again.");
});

draw(document);
