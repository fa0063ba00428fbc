{
  const button = document.getElementById("code");
  button.hidden = document.querySelector(".code") === null;
  button.addEventListener("click", () => {
    const shown = document.body.classList.toggle("show-code");
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? "Hide code" : "Show code";
  });
  const figures = JSON.parse(document.getElementById("figures").textContent);
  for (const place of document.querySelectorAll("[data-figure]")) {
    Bokeh.embed.embed_item(figures[Number(place.dataset.figure)], place);
  }
}
