{
  const table = document.getElementById("jobs");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const filter = document.getElementById("filter");
  const feet = new Map([...table.querySelectorAll("tfoot [data-form]")].map((cell) => [cell, cell.textContent]));
  const texts = rows.map((row) => row.textContent.toLowerCase());

  function narrow() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, place) => {
      row.hidden = !words.every((word) => texts[place].includes(word));
    });
    const shown = rows.filter((row) => !row.hidden);
    document.getElementById("count").textContent = words.length ? `${shown.length} of ${rows.length} jobs` : "";
    for (const [cell, ofAll] of feet) cell.textContent = shown.length < rows.length ? span(cell, shown) : ofAll;
  }

  // The least, median or greatest of the rows shown, written as the cells of its column are.
  function span(foot, shown) {
    const found = shown
      .map((row) => row.cells[foot.cellIndex])
      .filter((cell) => cell.dataset.v && Number.isFinite(Number(cell.dataset.v)))
      .sort((one, other) => one.dataset.v - other.dataset.v);
    if (found.length === 0) return "–";
    const way = foot.parentElement.dataset.way;
    if (way !== "median") return found.at(way === "least" ? 0 : -1).textContent;
    const [low, high] = [found[(found.length - 1) >> 1], found[found.length >> 1]];
    if (low.textContent === high.textContent) return low.textContent;
    const middle = (Number(low.dataset.v) + Number(high.dataset.v)) / 2;
    const form = foot.dataset.form;
    if (form === "whole") return middle.toFixed(Number.isInteger(middle) ? 0 : 1);
    return form === "g" ? String(Number(middle.toPrecision(4))) : middle.toFixed(form);
  }

  // What is missing stands last whichever way it is turned, and what is no number just before it.
  function compare(one, other, turn) {
    if (one === "" || other === "") return (one === "") - (other === "");
    const [a, b] = [Number(one), Number(other)];
    const [noA, noB] = [Number.isNaN(a), Number.isNaN(b)];
    if (noA !== noB) return noA - noB;
    return turn * (noA ? one.localeCompare(other, undefined, { numeric: true }) : a - b || 0);
  }

  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.v ?? cell.textContent;
  }

  function sort(head) {
    const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turn > 0 ? "ascending" : "descending");
    const ordered = [...rows].sort((a, b) => compare(value(a, head.cellIndex), value(b, head.cellIndex), turn));
    body.append(...ordered);
  }

  // Whoever shows the page in a frame of its own, and says so by the theme in its address, opens the reports.
  if (window.parent !== window && /^#(dark|light)$/.test(location.hash)) {
    for (const head of body.querySelectorAll("[data-job]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Open the report";
      button.append(...head.childNodes);
      button.addEventListener("click", () => window.parent.postMessage({ openReport: head.dataset.job }, "*"));
      head.append(button);
    }
  }

  for (const button of table.tHead.querySelectorAll("button")) {
    button.disabled = false;
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  filter.hidden = false;
  filter.addEventListener("input", narrow);
}
