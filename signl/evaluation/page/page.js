"use strict";
for (const box of document.querySelectorAll(".table")) {
  const body = box.querySelector("tbody");
  const rows = Array.from(body.rows);
  const words = rows.map((row) => row.textContent.toLowerCase());
  const input = box.querySelector("input");
  const count = box.querySelector("output");
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      row.hidden = !wanted.every((word) => words[place].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = wanted.length ? `${shown} of ${rows.length} rows` : `${rows.length} rows`;
  });
  const heads = Array.from(box.querySelectorAll("th"));
  heads.forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const text = (row) => row.cells[column].textContent;
      const isNumber = rows.every((row) => text(row) === "" || !Number.isNaN(Number(text(row))));
      const order = (a, b) => {
        const [one, other] = [text(a), text(b)];
        // What is empty stands last, whichever way.
        if (one === "" || other === "") return (one === "") - (other === "");
        const by = isNumber ? Number(one) - Number(other) : one < other ? -1 : one > other ? 1 : 0;
        return up ? by : -by;
      };
      rows.slice().sort(order).forEach((row) => body.append(row));
    });
  });
}
