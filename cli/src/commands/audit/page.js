
"use strict";
// The tables are whole without this. It adds a filter to each, and makes their headings sort.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const filter = document.createElement("label");
  const input = document.createElement("input");
  const shown = document.createElement("span");
  filter.className = "filter";
  input.type = "search";
  input.placeholder = "Filter";
  input.setAttribute("aria-label", "Filter " + table.parentElement.getAttribute("aria-label"));
  shown.setAttribute("aria-live", "polite");
  filter.append(input, shown);
  table.parentElement.before(filter);
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = count + " of " + rows.length;
  };
  input.addEventListener("input", show);
  show();
  const key = (row, column) => {
    const cell = row.cells[column];
    return cell ? cell.dataset.key || cell.textContent : "";
  };
  Array.from(table.tHead.rows[0].cells).forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const isUp = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", isUp ? "ascending" : "descending");
      const order = isUp ? 1 : -1;
      rows.sort((a, b) => order * key(a, column).localeCompare(key(b, column), "en", { numeric: true }));
      body.append(...rows);
    });
  });
}
