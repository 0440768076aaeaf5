// What the tests measure on a page as it is laid out now. Evaluated in the page; gives an object of functions.
(() => {
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);
  const isSeen = (el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isForReadersOnly = (rect) => rect.width <= 1 || rect.height <= 1;
  const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";

  // boxes that cut (overflow hidden) and boxes that scroll, around an element
  const around = (el) => {
    const found = [];
    for (let box = el; box && box !== document.documentElement; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (style.overflowX !== "visible" || style.overflowY !== "visible") {
        found.push({ rect: box.getBoundingClientRect(), scrolls: /auto|scroll/.test(style.overflowX + style.overflowY) });
      }
      if (style.position === "fixed") break;
    }
    return found;
  };

  // each line of text that is seen, with what of it shows outside of scrolled parts
  const lines = () => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const el = node.parentElement;
      if (!node.data.trim() || el.closest("svg, option, script, noscript, style, details:not([open]) > :not(summary)") || !isSeen(el)) continue;
      const boxes = around(el);
      if (boxes.some((box) => isForReadersOnly(box.rect))) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        if (rect.width > 0) found.push({ node, rect, boxes, text: short(node.data) });
      }
    }
    return found;
  };

  const shown = (line) => {
    let { left, right, top, bottom } = line.rect;
    // the box of a line is taller than its letters
    const spare = (bottom - top) * 0.2;
    top += spare;
    bottom -= spare;
    for (const { rect } of line.boxes) {
      left = Math.max(left, rect.left);
      right = Math.min(right, rect.right);
      top = Math.max(top, rect.top);
      bottom = Math.min(bottom, rect.bottom);
    }
    return { left, right, top, bottom, node: line.node, text: line.text };
  };

  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;

  // text that is cut off, leaves the page, or lies over other text or over a control that is not its own
  const layout = () => {
    const faults = new Set();
    const page = document.scrollingElement;
    if (page.scrollWidth > page.clientWidth) faults.add(`the page is ${page.scrollWidth} wide in a window of ${page.clientWidth}`);
    const all = lines();
    for (const { rect, boxes, text } of all) {
      const cuts = boxes.find((box) => !box.scrolls && (rect.right > box.rect.right + 1 || rect.left < box.rect.left - 1
        || rect.bottom > box.rect.bottom + rect.height * 0.2 || rect.top < box.rect.top - rect.height * 0.2));
      if (cuts) faults.add(`cut off: ${text}`);
      const inScroll = boxes.some((box) => box.scrolls);
      if (!inScroll && (rect.left < -1 || rect.right > page.clientWidth + 1)) faults.add(`off the page: ${text}`);
    }
    const pieces = all.map(shown).filter((p) => p.right - p.left > 1 && p.bottom - p.top > 1);
    for (const el of document.querySelectorAll("button, input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea")) {
      if (isSeen(el)) {
        const { left, right, top, bottom } = el.getBoundingClientRect();
        pieces.push({ left, right, top, bottom, node: el, text: `<${el.localName} ${el.name}>` });
      }
    }
    pieces.sort((a, b) => a.top - b.top);
    pieces.forEach((a, at) => {
      for (let next = at + 1; next < pieces.length && pieces[next].top < a.bottom; next += 1) {
        const b = pieces[next];
        if (a.node !== b.node && !a.node.contains(b.node) && !b.node.contains(a.node) && meet(a, b)) {
          faults.add(`overlap: ${a.text} / ${b.text}`);
        }
      }
    });
    return [...faults];
  };

  // what Tab must reach: a group of radio buttons counts once
  const isChosen = (el) => el.type === "radio" || el.type === "checkbox";
  const boxOf = (el) => (isChosen(el) && el.labels.length ? el.labels[0] : el);
  const controls = () => [...document.querySelectorAll(FOCUSABLE)].filter((el) => el.tabIndex >= 0 && !el.disabled
    && isSeen(boxOf(el)) && !el.closest("details:not([open]) > :not(summary)"));
  const nameOf = (el) => el.type === "radio" ? `radio ${el.name}`
    : `${el.localName} ${short(el.getAttribute("aria-label") || el.name || el.innerText || "")} ${el.getAttribute("href") || ""}`.trim();
  const marks = (el) => [el, ...(el.labels || [])].flatMap((one) => ["", "::before", "::after"].map((part) => {
    const style = getComputedStyle(one, part);
    return [style.outlineStyle === "none" ? "" : style.outlineWidth + style.outlineColor, style.boxShadow, style.backgroundColor,
      style.borderTopWidth, style.borderBottomColor, style.color].join(" ");
  })).join("|");

  // before the first Tab: remember all, and how each looks without focus
  const prepare = () => {
    window.measured = controls().map((el) => ({ el, plain: marks(el), name: nameOf(el) }));
    return [...new Set(window.measured.map((one) => one.name))];
  };

  // where focus is now: null when it has left the page
  const focus = () => {
    const el = document.activeElement;
    if (!el || el === document.body || el === document.documentElement) return null;
    const known = window.measured.find((one) => one.el === el);
    const box = boxOf(el);
    // the button that opens a calendar is the browser's own part of a date field, and marks itself
    const isOwnPart = el.type === "date" && !el.matches(":focus");
    const rects = [...box.getClientRects()].filter((r) => r.width && r.height);
    const rect = rects[0] || box.getBoundingClientRect();
    const x = Math.min(Math.max(rect.left, 0) + Math.min(rect.width, innerWidth) / 2, innerWidth - 1);
    const y = Math.max(rect.top, 0) + Math.min(rect.height, innerHeight) / 2;
    const over = document.elementFromPoint(x, Math.min(y, innerHeight - 1));
    const isOwn = over && (el.contains(over) || over.contains(el) || box.contains(over) || (el.labels && [...el.labels].some((l) => l.contains(over))));
    return {
      name: nameOf(el), known: Boolean(known), marked: isOwnPart || (Boolean(known) && marks(el) !== known.plain),
      inView: rect.bottom > 0 && rect.top < innerHeight && rect.right > 0 && rect.left < innerWidth,
      hidden: !isOwn, covered: over && !isOwn ? over.localName + "." + over.className : "",
      left: rect.left + scrollX, right: rect.right + scrollX, top: rect.top + scrollY, bottom: rect.bottom + scrollY,
    };
  };

  // rows of a table are made alike: of each kind (its elements and their classes) a few are enough for what takes long
  const thin = () => {
    for (const body of document.querySelectorAll("tbody")) {
      const known = new Map();
      for (const row of [...body.rows]) {
        const kind = [row, ...row.querySelectorAll("*")].map((el) => el.localName + el.className).join(" ");
        known.set(kind, (known.get(kind) || 0) + 1);
        if (known.get(kind) > 3) row.remove();
      }
    }
  };

  return { layout, prepare, focus, thin };
})()
