/** A frame as textures: in parts where it is larger than the graphics card takes. */

import type { Frame } from './protocol';
import type { Values } from './statistics';

export interface Tile {
  x: number;
  y: number;
  width: number;
  height: number;
  values: WebGLTexture;
  flags: WebGLTexture;
}

export class Tiles {
  readonly list: Tile[] = [];

  constructor(
    private readonly gl: WebGL2RenderingContext,
    frame: Frame,
    size: number
  ) {
    for (let y = 0; y < frame.height; y += size) {
      for (let x = 0; x < frame.width; x += size) {
        const tile = {
          x,
          y,
          width: Math.min(size, frame.width - x),
          height: Math.min(size, frame.height - y)
        };
        this.list.push({
          ...tile,
          values: this.upload(frame.values, frame.width, tile),
          // The shader has to be given flags of some kind.
          flags: frame.flags
            ? this.upload(frame.flags, frame.width, tile)
            : this.upload(new Uint8Array(1), 1, { x: 0, y: 0, width: 1, height: 1 })
        });
      }
    }
  }

  delete(): void {
    for (const { values, flags } of this.list) {
      for (const texture of [values, flags]) this.gl.deleteTexture(texture);
    }
  }

  private upload(
    data: Values | Uint8Array,
    rowLength: number,
    { x, y, width, height }: { x: number; y: number; width: number; height: number }
  ): WebGLTexture {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, rowLength);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
    const [inside, format, type] = this.formats(data);
    gl.texImage2D(gl.TEXTURE_2D, 0, inside, width, height, 0, format, type, data);
    for (const kept of [gl.UNPACK_ROW_LENGTH, gl.UNPACK_SKIP_PIXELS, gl.UNPACK_SKIP_ROWS])
      gl.pixelStorei(kept, 0);
    return texture;
  }

  private formats(data: Values | Uint8Array): [number, number, number] {
    const { gl } = this;
    if (data instanceof Float32Array) return [gl.R32F, gl.RED, gl.FLOAT];
    if (data instanceof Uint16Array) return [gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT];
    return [gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE];
  }
}
