"use strict";
// A cell sorts by its data-sort, by the number that it begins with, or as text; what is undefined comes last.
const key = (row, column) => {
  const text = row.cells[column].textContent.trim();
  const sort = row.cells[column].dataset.sort;
  if (sort !== undefined) return { text, number: Number(sort), missing: false };
  const number = parseFloat(text.replace(/^[<≈]+/, "").replace("−", "-"));
  return { text, number: /^[<≈+−-]*\.?\d/.test(text) ? number : NaN, missing: text === "–" || text === "" };
};
const before = (a, b) => {
  if (a.missing !== b.missing) return a.missing ? 1 : -1;
  if (!isNaN(a.number) && !isNaN(b.number)) return a.number - b.number;
  return a.text.localeCompare(b.text);
};
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.parentElement;
    const body = head.closest("table").tBodies[0];
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const rows = Array.from(body.rows, (row) => [key(row, head.cellIndex), row]);
    rows.sort(([a], [b]) => (a.missing || b.missing ? before(a, b) : sign * before(a, b)));
    body.append(...rows.map(([, row]) => row));
  });
}
// Paper cannot be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open])"));
  folded.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
