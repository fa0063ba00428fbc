// Thumbnails of frames: one byte a pixel, coloured in the page. Arrows go from one to the next, Enter opens one.

const MASKED = 255;

function paint(canvas, tile, side, palette, gap) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  const picture = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const value = tile[i];
    const colour = value === MASKED ? gap : palette.subarray(3 * value, 3 * value + 3);
    picture.data.set(colour, 4 * i);
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

const bytes = view => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function go(event, list) {
  const buttons = [...list.querySelectorAll('button')];
  const at = buttons.indexOf(event.target);
  const columns = buttons.filter(each => each.offsetTop === buttons[0]?.offsetTop).length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const next = buttons[at + steps[event.key]];
  if (!(event.key in steps) || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}

export default {
  render({ model, el }) {
    el.classList.add('pulsetrain-gallery');
    const list = document.createElement('div');
    list.className = 'pulsetrain-gallery-list';
    list.setAttribute('role', 'group');
    list.addEventListener('keydown', event => go(event, list));
    el.append(list);

    const tileOf = (position, words, colour) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'pulsetrain-gallery-tile';
      button.style.setProperty('--rim', colour);
      button.style.width = `${model.get('width')}px`;
      button.title = words[1];
      button.setAttribute('aria-label', words[1]);
      const caption = document.createElement('span');
      caption.textContent = words[0];
      button.append(document.createElement('canvas'), caption);
      button.addEventListener('click', () => model.send({ kind: 'open', position }));
      return button;
    };
    const draw = () => {
      const words = model.get('captions');
      const side = model.get('side');
      const tiles = bytes(model.get('tiles'));
      const palette = bytes(model.get('palette'));
      const colours = model.get('rims');
      list.setAttribute('aria-label', model.get('label'));
      if (words.length * side * side > tiles.length) return; // one of two changes is still under way
      list.replaceChildren(...words.map((each, k) => tileOf(k, each, colours[k])));
      list.querySelectorAll('canvas').forEach((canvas, k) => {
        paint(canvas, tiles.subarray(k * side * side, (k + 1) * side * side), side, palette, [222, 222, 224]);
      });
      list.dataset.drawn = performance.now().toFixed(1);
      list.dataset.version = model.get('version');
    };
    draw();
    model.on('change:version', draw);
    return () => model.off('change:version', draw);
  }
};
