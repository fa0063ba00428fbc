// Shows a Bokeh widget once BokehJS is in the page and the kernel has sent its present state. A notebook that loads
// BokehJS through an output keeps several megabytes of it for ever; here it comes with the widget's state, which
// JupyterLab does not save.

function load(source) {
  if (window.Bokeh !== undefined || source === '') return;
  const script = document.createElement('script');
  script.textContent = source;
  document.head.append(script);
}

function refresh(model) {
  return new Promise(resolve => {
    const answered = () => {
      model.off('msg:custom', answered);
      resolve();
    };
    model.on('msg:custom', answered);
    model.send('refresh');
  });
}

export default {
  async render({ model, el }) {
    load(model.get('bokehjs'));
    el.classList.add('pulsetrain-stage');
    el.textContent = 'Waiting for the kernel …';
    await refresh(model);
    const id = model.get('figure').replace(/^IPY_MODEL_/, '');
    const figure = await model.widget_manager.get_model(id);
    const view = await model.widget_manager.create_view(figure);
    // BokehJS goes on telling of sizes while its notebook is being closed, when nobody listens any more.
    const send = view.send.bind(view);
    view.send = (...message) => {
      try {
        send(...message);
      } catch (error) {
        if (error.message !== 'Cannot send') throw error;
      }
    };
    el.replaceChildren(view.el);
    el.classList.add('pulsetrain-live');
    return () => view.remove();
  }
};
