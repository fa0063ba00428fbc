// Shows a Bokeh widget once BokehJS is in the page. A notebook that loads BokehJS through an output keeps several
// megabytes of it for ever; here it comes with the widget's state, which JupyterLab does not save.

function load(source) {
  if (window.Bokeh !== undefined || source === "") return;
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);
}

export default {
  async render({ model, el }) {
    load(model.get("bokehjs"));
    el.classList.add("pulsetrain-stage");
    const id = model.get("figure").replace(/^IPY_MODEL_/, "");
    const figure = await model.widget_manager.get_model(id);
    const view = await model.widget_manager.create_view(figure);
    el.append(view.el);
    return () => view.remove();
  },
};
