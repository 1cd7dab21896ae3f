// Draws each chart of the page over the figure that stands in its place, which stays within reach.
for (const box of document.querySelectorAll(".chart")) {
  const place = box.querySelector(".drawn");
  const told = box.querySelector(".trouble");
  const spec = JSON.parse(box.querySelector("script").textContent);
  // The page forbids to make code of text: expressions are walked through instead.
  // Errors alone are told of: of an evaluation without published figures a layer is empty.
  vegaEmbed(place, spec, { ast: true, actions: false, renderer: "svg", logLevel: 1 })
    .then(() => {
      box.querySelector("details").open = false;
    })
    .catch((error) => {
      place.remove();
      told.textContent = `This chart could not be drawn (${error.message}); the figure says the same.`;
    });
}
