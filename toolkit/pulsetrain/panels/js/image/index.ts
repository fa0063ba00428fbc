/** The detector image as an anywidget: frames come as binary messages, everything about showing them happens here. */

import type { AnyModel, AnyWidget } from '@anywidget/types';
import { make } from './dom';
import type { State } from './protocol';
import { Renderer } from './renderer';
import { Store } from './store';
import { View } from './view';

function showPicture(store: Store, element: HTMLElement): () => void {
  const note = 'This browser has no WebGL2, so the image stands still. Here it is as the kernel draws it.';
  const image = make('img', { alt: store.get('title') || 'Detector image' });
  element.append(make('p', {}, note), image);
  const update = () => {
    if (image.src !== '') URL.revokeObjectURL(image.src);
    if (store.picture !== null) image.src = URL.createObjectURL(store.picture);
  };
  update();
  return store.watch(update);
}

/** Called once for each kernel object. What is given as its model is a new object for each view, and tells nothing. */
export default (() => {
  let known: Store | null = null;
  // Older versions of anywidget render without having initialised.
  const storeOf = (model: AnyModel<State>): Store => (known ??= new Store(model));
  return {
    initialize({ model }) {
      const store = storeOf(model);
      return () => store.dispose();
    },
    render({ model, el }) {
      const store = storeOf(model);
      const renderer = Renderer.ofPage();
      el.classList.add('pulsetrain-image');
      if (renderer === null) return showPicture(store, el);
      const view = new View(store, renderer, el);
      return () => view.remove();
    }
  };
}) satisfies AnyWidget<State>;
