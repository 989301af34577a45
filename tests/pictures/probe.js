// Looks at every picture as the browser has drawn it, and says what a reader would trip over.
const problems = [];
const box = (e) => e.getBoundingClientRect();
const said = (name, text) => problems.push(name + ": " + text);
const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const light = (css) => {
  const [r, g, b] = css.match(/[\d.]+/g).map(Number);
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
};
// The contrast of WCAG 2.
const contrast = (a, b) => {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
};
function readable(name, text, paper) {
  const ratio = contrast(getComputedStyle(text).fill, paper);
  if (ratio < 4.5) said(name, `contrast ${ratio.toFixed(2)} of "${text.textContent}"`);
}
function look(name, svg) {
  const paper = svg.querySelector(".paper");
  const ground = paper ? getComputedStyle(paper).fill : getComputedStyle(document.body).backgroundColor;
  const whole = box(svg);
  const shapes = [];
  for (const group of svg.querySelectorAll(".node, .flow")) {
    const rect = group.querySelector("rect");
    const frame = box(rect);
    shapes.push([group, frame]);
    for (const text of group.querySelectorAll("text")) {
      const t = box(text);
      if (t.left < frame.left || t.right > frame.right || t.top < frame.top - 1 || t.bottom > frame.bottom + 1)
        said(name, `"${text.textContent}" does not fit its box`);
      readable(name, text, getComputedStyle(rect).fill);
    }
  }
  for (const text of svg.querySelectorAll("text")) {
    const t = box(text);
    if (t.left < whole.left || t.right > whole.right + 0.5 || t.top < whole.top || t.bottom > whole.bottom)
      said(name, `"${text.textContent}" leaves the picture`);
    if (!text.closest(".node, .flow")) readable(name, text, ground);
  }
  shapes.forEach(([a, p], n) => {
    for (const [b, q] of shapes.slice(n + 1)) {
      if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom)
        said(name, `"${a.textContent}" and "${b.textContent}" overlap`);
    }
    if (p.left < whole.left || p.right > whole.right || p.top < whole.top || p.bottom > whole.bottom)
      said(name, `"${a.textContent}" leaves the picture`);
  });
  // Texts that stand alone keep apart.
  const alone = [...svg.querySelectorAll("text")].filter((t) => !t.closest(".node, .flow")).map((t) => [t, box(t)]);
  alone.forEach(([a, p], n) => {
    for (const [b, q] of alone.slice(n + 1))
      if (p.left < q.right && q.left < p.right && p.top + 2 < q.bottom && q.top + 2 < p.bottom)
        said(name, `"${a.textContent}" and "${b.textContent}" overlap`);
  });
  for (const arrow of svg.querySelectorAll("path.arrow")) {
    // Points on its way, but for the ends: none is on a box.
    const length = arrow.getTotalLength(), matrix = arrow.getScreenCTM();
    for (let at = 8; at < length - 8; at += 6) {
      const p = arrow.getPointAtLength(at).matrixTransform(matrix);
      const hit = shapes.find(([, f]) => p.x > f.left + 1 && p.x < f.right - 1 && p.y > f.top + 1 && p.y < f.bottom - 1);
      if (hit) { said(name, `an arrow runs over "${hit[0].textContent}"`); break; }
    }
  }
  return shapes.length + svg.querySelectorAll("circle").length;
}
