// A map of up to some million points: each frame of the screen counts them into pixels, in the page, with no kernel and
// no graphics card. The kernel is told of a selection (one bit a point), of the point that the cursor rests on and of
// the one that is clicked, and of nothing else.

const RESTS = 120; // ms without a move before the kernel is told of the point under the cursor
const NEAR = 8; // px
const WATCHED = ['places', 'categories', 'palette', 'selected', 'axes'];
const HELP =
  'Drag to move, Shift and drag for a lasso (Ctrl adds, Alt takes away), click to open; then the wheel zooms. ' +
  'Keys: arrows, + and −, 0 shows all, v selects what is in view, Escape selects nothing.';

const bytes = view => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const floats = view =>
  new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

function channels(colour) {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d');
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
}

/** Radius of a point on the screen, px: all of a million are seen as a density, each of a thousand as a disc. */
function radius(count, zoom) {
  const base = count > 200_000 ? 0 : count > 20_000 ? 1 : count > 2000 ? 2 : 3.5;
  return Math.min(3.5, base + Math.log2(Math.max(zoom, 1)) / 3);
}

/** The pixels of a disc, as steps from its middle in an array of four values a pixel. */
function disc(size, width) {
  const reach = Math.floor(size);
  const steps = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) {
      if (x * x + y * y <= size * size + 0.3) steps.push(4 * (y * width + x));
    }
  }
  return Int32Array.from(steps);
}

class Raster {
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.sums = new Float32Array(4 * width * height);
    this.picture = new ImageData(width, height);
  }

  /** Count those points in whose bit in `bits` is `wanted`, or all without bits. */
  count(points, place, size, bits, wanted) {
    const { places, categories, colours } = points;
    const { width, height, sums } = this;
    sums.fill(0);
    const steps = disc(size, width);
    const edge = Math.floor(size);
    for (let i = 0; i < categories.length; i++) {
      if (bits !== null && ((bits[i >> 3] >> (7 - (i & 7))) & 1) !== wanted) continue;
      const x = places[2 * i] * place.ax + place.bx;
      const y = places[2 * i + 1] * place.ay + place.by;
      // A NaN fails this as well.
      if (!(x >= edge && y >= edge && x < width - edge && y < height - edge)) continue;
      const colour = 3 * categories[i];
      const red = colours[colour];
      const green = colours[colour + 1];
      const blue = colours[colour + 2];
      const middle = 4 * ((y | 0) * width + (x | 0));
      for (let k = 0; k < steps.length; k++) {
        const at = middle + steps[k];
        sums[at] += red;
        sums[at + 1] += green;
        sums[at + 2] += blue;
        sums[at + 3] += 1;
      }
    }
  }

  /** Lay what was counted over the picture: the mean of the colours, the stronger the more points there are. */
  lay(strength, floor) {
    const { sums } = this;
    const data = this.picture.data;
    let most = 1;
    for (let at = 3; at < sums.length; at += 4) if (sums[at] > most) most = sums[at];
    const scale = 1 / Math.log1p(most);
    for (let at = 0; at < sums.length; at += 4) {
      const count = sums[at + 3];
      if (count === 0) continue;
      const alpha = strength * (floor + (1 - floor) * Math.log1p(count) * scale);
      const under = (data[at + 3] / 255) * (1 - alpha);
      const whole = alpha + under;
      for (let k = 0; k < 3; k++)
        data[at + k] = ((sums[at + k] / count) * alpha + data[at + k] * under) / whole;
      data[at + 3] = 255 * whole;
    }
  }
}

class ScatterMap {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.el.classList.add('pulsetrain-map');
    this.canvas = document.createElement('canvas');
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'application');
    this.canvas.title = HELP;
    this.canvas.style.height = `${model.get('height')}px`;
    this.lines = ['x', 'y'].map(name => this.part('div', `pulsetrain-map-${name}`));
    this.bar = this.part('div', 'pulsetrain-map-bar');
    this.bar.setAttribute('role', 'toolbar');
    this.tools = { pan: 'Move', lasso: 'Lasso' };
    for (const [name, words] of Object.entries(this.tools)) this.button(words, () => this.use(name), name);
    this.button('+', () => this.zoom(1.5), '', 'Zoom in');
    this.button('−', () => this.zoom(1 / 1.5), '', 'Zoom out');
    this.button('All', () => this.all(), '', 'Show all points');
    this.button('In view', () => this.inView(), '', 'Select what is in view');
    this.button('None', () => this.nothing(), '', 'Select nothing');
    el.append(this.bar, this.lines[1], this.canvas, this.lines[0]);
    this.use('pan');
    this.view = { x: 0, y: 0, zoom: 1 };
    this.pending = false;
    this.path = null;
    this.moved = 0;
    this.hovered = null;
    this.read();
    this.listen();
  }

  part(kind, name) {
    const made = document.createElement(kind);
    made.className = name;
    return made;
  }

  button(words, action, name = '', title = '') {
    const made = this.part('button', 'pulsetrain-map-button');
    made.type = 'button';
    made.textContent = words;
    made.title = title || words;
    made.dataset.tool = name;
    made.addEventListener('click', action);
    this.bar.append(made);
  }

  use(tool) {
    this.tool = tool;
    this.canvas.style.cursor = tool === 'lasso' ? 'crosshair' : 'grab';
    for (const each of this.bar.children) {
      if (each.dataset.tool) each.setAttribute('aria-pressed', String(each.dataset.tool === tool));
    }
  }

  read() {
    const colours = this.model.get('palette').flatMap(colour => [...channels(colour)].slice(0, 3));
    this.points = {
      places: floats(this.model.get('places')),
      categories: bytes(this.model.get('categories')),
      colours: Float32Array.from(colours)
    };
    const bits = bytes(this.model.get('selected'));
    this.bits =
      bits.length * 8 >= this.points.categories.length && bits.some(each => each) ? bits.slice() : null;
    this.lines.forEach((line, k) => {
      line.textContent = this.model.get('axes')[k] ?? '';
    });
    this.canvas.setAttribute('aria-label', `${this.model.get('label')}. ${HELP}`);
    this.redraw();
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener('wheel', event => {
      if (document.activeElement !== canvas) return; // else nobody could scroll past the map
      event.preventDefault();
      this.zoom(1.0015 ** -event.deltaY, event.offsetX, event.offsetY);
    });
    canvas.addEventListener('pointerdown', event => this.down(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.up(event));
    canvas.addEventListener('pointerleave', () => this.rest(null));
    canvas.addEventListener('dblclick', () => this.all());
    canvas.addEventListener('keydown', event => this.key(event));
    let told = false;
    this.changed = () => {
      if (!told) {
        queueMicrotask(() => {
          told = false;
          this.read();
        });
      }
      told = true; // several values that change together are read once
    };
    for (const name of WATCHED) this.model.on(`change:${name}`, this.changed);
    this.resizing = new ResizeObserver(() => this.redraw());
    this.resizing.observe(canvas);
  }

  close() {
    for (const name of WATCHED) this.model.off(`change:${name}`, this.changed);
    this.resizing.disconnect();
    clearTimeout(this.resting);
  }

  /** How a place, both coordinates from −1 to 1, becomes a pixel of the screen times `ratio`. */
  scaling(ratio = 1) {
    const width = this.canvas.clientWidth * ratio;
    const height = this.canvas.clientHeight * ratio;
    const ax = 0.47 * width * this.view.zoom;
    const ay = -0.47 * height * this.view.zoom;
    return { ax, ay, bx: width / 2 - this.view.x * ax, by: height / 2 - this.view.y * ay };
  }

  redraw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.draw();
    });
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (width === 0 || height === 0) return;
    const start = performance.now();
    if (this.raster?.width !== width || this.raster?.height !== height) {
      this.raster = new Raster(width, height);
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const raster = this.raster;
    const place = this.scaling(ratio);
    const size = ratio * radius(this.points.categories.length, this.view.zoom);
    const floor = this.points.categories.length > 20_000 ? 0.35 : 0.75;
    raster.picture.data.fill(0);
    raster.count(this.points, place, size, this.bits, 0);
    raster.lay(this.bits === null ? 1 : 0.3, floor);
    if (this.bits !== null) {
      raster.count(this.points, place, size, this.bits, 1);
      raster.lay(1, Math.max(floor, 0.6));
    }
    const context = this.canvas.getContext('2d');
    context.putImageData(raster.picture, 0, 0);
    if (this.path !== null) this.drawPath(context, ratio);
    this.canvas.dataset.drawn = (performance.now() - start).toFixed(1);
  }

  drawPath(context, ratio) {
    context.save();
    context.scale(ratio, ratio);
    context.strokeStyle = getComputedStyle(this.el).getPropertyValue('--jp-ui-font-color1') || '#212121';
    context.lineWidth = 1.5;
    context.setLineDash([5, 3]);
    context.stroke(this.outline());
    context.restore();
  }

  outline() {
    const path = new Path2D();
    for (const [x, y] of this.path) path.lineTo(x, y);
    path.closePath();
    return path;
  }

  zoom(factor, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const before = this.scaling();
    const at = { x: (x - before.bx) / before.ax, y: (y - before.by) / before.ay };
    this.view.zoom = Math.min(Math.max(this.view.zoom * factor, 0.5), 1e4);
    const after = this.scaling();
    this.pan(x - (at.x * after.ax + after.bx), y - (at.y * after.ay + after.by));
  }

  pan(x, y) {
    const { ax, ay } = this.scaling();
    this.view.x -= x / ax;
    this.view.y -= y / ay;
    this.moved = performance.now();
    this.redraw();
  }

  all() {
    this.view = { x: 0, y: 0, zoom: 1 };
    this.moved = performance.now();
    this.redraw();
  }

  key(event) {
    const step = 60;
    const actions = {
      ArrowLeft: () => this.pan(step, 0),
      ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step),
      ArrowDown: () => this.pan(0, -step),
      '+': () => this.zoom(1.5),
      '=': () => this.zoom(1.5),
      '-': () => this.zoom(1 / 1.5),
      0: () => this.all(),
      v: () => this.inView(),
      Escape: () => this.nothing()
    };
    if (!(event.key in actions) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab takes some of these keys for commands of its own
    actions[event.key]();
  }

  down(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.start = [event.offsetX, event.offsetY];
    this.last = this.start;
    if (this.tool === 'lasso' || event.shiftKey) this.path = [this.start];
    else this.canvas.style.cursor = 'grabbing';
  }

  move(event) {
    const here = [event.offsetX, event.offsetY];
    if (this.start === undefined) {
      this.rest(here);
    } else if (this.path !== null) {
      this.path.push(here);
      this.redraw();
    } else {
      this.pan(here[0] - this.last[0], here[1] - this.last[1]);
    }
    this.last = here;
  }

  up(event) {
    if (this.start === undefined) return;
    const still = Math.hypot(event.offsetX - this.start[0], event.offsetY - this.start[1]) < 3;
    const path = this.path;
    this.start = undefined;
    this.use(this.tool);
    if (path !== null && path.length > 2) {
      this.lasso(event.ctrlKey || event.metaKey ? 'add' : event.altKey ? 'take' : 'set');
    } else if (still) {
      const index = this.nearest(event.offsetX, event.offsetY);
      if (index !== null) this.model.send({ kind: 'open', index });
    }
    this.path = null;
    this.redraw();
  }

  /** Select the points in the drawn outline, as the screen shows it. */
  lasso(mode) {
    const width = Math.ceil(this.canvas.clientWidth);
    const height = Math.ceil(this.canvas.clientHeight);
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    context.fill(this.outline());
    const inside = context.getImageData(0, 0, width, height).data;
    this.select((x, y) => inside[4 * (Math.floor(y) * width + Math.floor(x)) + 3] > 127, mode);
  }

  inView() {
    this.select(() => true, 'set');
  }

  nothing() {
    this.tell(null, 0);
  }

  select(within, mode) {
    const { places, categories } = this.points;
    const { ax, ay, bx, by } = this.scaling();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const bits =
      mode === 'set' || this.bits === null
        ? new Uint8Array(Math.ceil(categories.length / 8))
        : this.bits.slice();
    let count = 0;
    for (let i = 0; i < categories.length; i++) {
      const x = places[2 * i] * ax + bx;
      const y = places[2 * i + 1] * ay + by;
      const mask = 128 >> (i & 7);
      if (x >= 0 && y >= 0 && x < width && y < height && within(x, y)) {
        if (mode === 'take') bits[i >> 3] &= ~mask;
        else bits[i >> 3] |= mask;
      }
      if (bits[i >> 3] & mask) count += 1;
    }
    this.tell(count ? bits : null, count);
  }

  tell(bits, count) {
    this.bits = bits;
    this.redraw();
    this.model.send({ kind: 'selection', count }, undefined, bits === null ? [] : [bits.slice().buffer]);
  }

  nearest(x, y) {
    const { places, categories } = this.points;
    const { ax, ay, bx, by } = this.scaling();
    let best = NEAR * NEAR;
    let found = null;
    for (let i = 0; i < categories.length; i++) {
      const dx = places[2 * i] * ax + bx - x;
      const dy = places[2 * i + 1] * ay + by - y;
      const far = dx * dx + dy * dy;
      if (far < best) {
        best = far;
        found = i;
      }
    }
    return found;
  }

  /** Tell of the point under the cursor once cursor and view have come to rest. */
  rest(here) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      if (this.start !== undefined || performance.now() - this.moved < RESTS) return;
      const index = here === null ? null : this.nearest(...here);
      if (index === this.hovered) return;
      this.hovered = index;
      this.model.send({ kind: 'hover', index });
    }, RESTS);
  }
}

export default {
  render({ model, el }) {
    const map = new ScatterMap(model, el);
    return () => map.close();
  }
};
