/** One WebGL2 context for all images of a page: browsers allow few, and drop the oldest one without a word. */

import { type ColourMap, colourTable } from './colours';
import { FACTOR, type Pooling, reduced } from './levels';
import type { Frame } from './protocol';
import { forward, type ScaleName, scaleIndex } from './scale';
import { fragment, VERTEX } from './shaders';
import type { Limits } from './statistics';
import { type Tile, Tiles } from './tiles';
import type { Viewport } from './viewport';

export type Colour = [number, number, number];

/** How a frame is to be coloured. */
export interface Look {
  scale: ScaleName;
  threshold: number;
  limits: Limits;
  colourMap: ColourMap;
  masking: boolean;
  pooling: Pooling;
  /** How many σ from zero each value is, and so many give the full colour. */
  sure: Frame | null;
  fade: number;
  paper: Colour;
  gap: Colour;
  hatch: Colour;
}

type PlaneType = 'uint16' | 'float32';

export class Renderer {
  private programs = new Map<PlaneType, WebGLProgram>();
  private tiles = new Map<Frame, Tiles>();
  private levels = new Map<Frame, { key: string; level: Frame }>();
  private colours = new Map<ColourMap, WebGLTexture>();
  private waiting = new Set<() => void>();
  /** Tiles no larger than this, in pixels; a test makes it small. */
  tileSize: number;

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    readonly gl: WebGL2RenderingContext
  ) {
    this.tileSize = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE) as number, 4096);
    canvas.addEventListener('webglcontextlost', event => event.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      for (const made of [this.programs, this.tiles, this.colours]) made.clear();
      for (const redraw of this.waiting) redraw();
    });
  }

  /** The page's own renderer, whichever widget asks; null where the browser has no WebGL2. */
  static ofPage(): Renderer | null {
    const page = globalThis as { [OF_PAGE]?: Renderer | null };
    if (page[OF_PAGE] === undefined) {
      const canvas = document.createElement('canvas');
      const gl = canvas.getContext('webgl2', { antialias: false, depth: false, alpha: false });
      page[OF_PAGE] = gl === null ? null : new Renderer(canvas, gl);
    }
    return page[OF_PAGE];
  }

  /** Call `redraw` when a lost context is back; returns how to stop that. */
  onRestored(redraw: () => void): () => void {
    this.waiting.add(redraw);
    return () => this.waiting.delete(redraw);
  }

  /**
   * Draw a frame and copy it to a place of another canvas, of which only a part may be wanted: from x to x in pixels of
   * the view.
   */
  draw(
    frame: Frame,
    view: Viewport,
    look: Look,
    target: CanvasRenderingContext2D,
    left: number,
    part: Limits = [0, view.view[0]]
  ): void {
    const { gl, canvas } = this;
    if (gl.isContextLost()) return;
    const density = target.getTransform().a;
    const [width, height] = view.view.map(length => Math.max(1, Math.round(length * density))) as Limits;
    if (canvas.width < width || canvas.height < height) {
      canvas.width = Math.max(canvas.width, width);
      canvas.height = Math.max(canvas.height, height);
    }
    const [from, to] = part.map(x => Math.round(Math.min(Math.max(x * density, 0), width))) as Limits;
    if (to <= from) return;
    gl.viewport(0, 0, width, height);
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(from, 0, to - from, height);
    gl.clearColor(...look.paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.paint(frame, view, look, 1 / (view.zoom * density));
    const [place, wide] = [Math.round(left * density) + from, to - from];
    target.save();
    target.resetTransform();
    target.drawImage(canvas, from, canvas.height - height, wide, height, place, 0, wide, height);
    target.restore();
  }

  /** Forget what the graphics memory holds of a frame. */
  release(frame: Frame): void {
    this.tiles.get(frame)?.delete();
    this.tiles.delete(frame);
    const level = this.levels.get(frame)?.level;
    this.levels.delete(frame);
    if (level !== undefined) this.release(level);
  }

  private paint(whole: Frame, view: Viewport, look: Look, footprint: number): void {
    const { gl } = this;
    const factor = footprint < FACTOR ? 1 : FACTOR;
    const frame = factor === 1 ? whole : this.level(whole, look.masking, look.pooling);
    const { sure } = look;
    const sures = sure === null || factor === 1 ? sure : this.level(sure, look.masking, 'peak');
    // Made before anything is bound: an upload takes the place of what is bound to the active unit.
    const tiles = this.tilesOf(frame).list;
    const fading = sures === null ? null : this.tilesOf(sures).list;
    const colours = this.colourTexture(look.colourMap);
    const program = this.program(frame.values instanceof Uint16Array ? 'uint16' : 'float32');
    const at = (name: string) => gl.getUniformLocation(program, name);
    gl.useProgram(program);
    gl.uniform1i(at('plane'), 0);
    gl.uniform1i(at('flags'), 1);
    gl.uniform1i(at('colours'), 2);
    gl.uniform1i(at('sure'), 3);
    gl.uniform1f(at('fade'), fading === null ? 0 : look.fade);
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, colours);
    gl.uniform1f(at('footprint'), footprint / factor);
    gl.uniform1i(at('scale'), scaleIndex(look.scale));
    gl.uniform1f(at('threshold'), look.threshold);
    const limits = look.limits.map(value => forward(look.scale, value, look.threshold)) as Limits;
    gl.uniform2f(at('limits'), ...limits);
    gl.uniform1i(at('flagged'), frame.flags === null ? 0 : 1);
    gl.uniform1i(at('masking'), look.masking ? 1 : 0);
    gl.uniform1i(at('pooling'), POOLINGS.indexOf(look.pooling));
    gl.uniform4f(at('gap'), ...look.gap, 1);
    gl.uniform4f(at('hatch'), ...look.hatch, 1);
    tiles.forEach((tile, index) => {
      gl.activeTexture(gl.TEXTURE3);
      gl.bindTexture(gl.TEXTURE_2D, fading?.[index]?.values ?? null);
      this.paintTile(tile, factor, view, at);
    });
  }

  private paintTile(
    tile: Tile,
    factor: number,
    view: Viewport,
    at: (name: string) => WebGLUniformLocation | null
  ): void {
    const { gl } = this;
    const { x, y, width, height } = tile;
    const [left, top] = view.toScreen(x * factor, y * factor);
    const [right, bottom] = view.toScreen((x + width) * factor, (y + height) * factor);
    const [wide, high] = view.view;
    if (Math.max(left, right) < 0 || Math.min(left, right) > wide) return;
    if (Math.max(top, bottom) < 0 || Math.min(top, bottom) > high) return;
    gl.uniform4f(
      at('place'),
      (2 * left) / wide - 1,
      1 - (2 * top) / high,
      (2 * right) / wide - 1,
      1 - (2 * bottom) / high
    );
    gl.uniform4f(at('tile'), x, y, x + width, y + height);
    gl.uniform2i(at('corner'), x, y);
    gl.uniform2i(at('size'), width, height);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, tile.values);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, tile.flags);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** The smaller frame; of its kinds the one that was last looked at. */
  private level(frame: Frame, masking: boolean, pooling: Pooling): Frame {
    const key = `${masking} ${pooling}`;
    const known = this.levels.get(frame);
    if (known?.key === key) return known.level;
    if (known !== undefined) this.release(known.level);
    const level = reduced(frame, masking, pooling);
    this.levels.set(frame, { key, level });
    return level;
  }

  private tilesOf(frame: Frame): Tiles {
    let tiles = this.tiles.get(frame);
    if (tiles === undefined) {
      tiles = new Tiles(this.gl, frame, this.tileSize);
      this.tiles.set(frame, tiles);
    }
    return tiles;
  }

  private colourTexture(name: ColourMap): WebGLTexture {
    const { gl } = this;
    let texture = this.colours.get(name);
    if (texture === undefined) {
      texture = gl.createTexture();
      this.colours.set(name, texture);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colourTable(name));
    }
    return texture;
  }

  private program(type: PlaneType): WebGLProgram {
    let program = this.programs.get(type);
    if (program === undefined) {
      program = link(this.gl, VERTEX, fragment(type));
      this.programs.set(type, program);
    }
    return program;
  }
}

// Every widget loads a bundle of its own; the number changes with what they share.
const OF_PAGE = Symbol.for('pulsetrain.image.renderer.2');

/** In the order of the shader. */
const POOLINGS: readonly Pooling[] = ['peak', 'extreme', 'mean'];

function link(gl: WebGL2RenderingContext, ...sources: [string, string]): WebGLProgram {
  const program = gl.createProgram();
  [gl.VERTEX_SHADER, gl.FRAGMENT_SHADER].forEach((kind, index) => {
    const shader = gl.createShader(kind) as WebGLShader;
    gl.shaderSource(shader, sources[index] as string);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  });
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const shaders = gl.getAttachedShaders(program) ?? [];
    throw new Error(`the image shader: ${shaders.map(shader => gl.getShaderInfoLog(shader)).join('\n')}`);
  }
  return program;
}
