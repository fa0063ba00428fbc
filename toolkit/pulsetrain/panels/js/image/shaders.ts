/** From values to colours, a screen pixel at a time. */

export const VERTEX = `#version 300 es
uniform vec4 place;  // left, top, right, bottom of the tile, in clip coordinates
uniform vec4 tile;   // left, top, right, bottom of the tile, in pixels of the frame
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = mix(tile.xy, tile.zw, corner);
  gl_Position = vec4(mix(place.xy, place.zw, corner), 0.0, 1.0);
}`;

/** The number of frame pixels along a screen pixel that are looked at, at most. */
const MOST = 16;

// Where several pixels of the frame fall on one of the screen, the most intense is shown of a single frame: a Bragg
// peak of two pixels must not vanish when a large frame is seen whole. Frames of unlike noise are compared by the mean.
export function fragment(type: 'uint16' | 'float32'): string {
  return `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
uniform ${type === 'uint16' ? 'usampler2D' : 'sampler2D'} plane;
uniform usampler2D flags;
uniform sampler2D sure;   // how many σ from zero a value is
uniform float fade;       // so many give the full colour
uniform sampler2D colours;
uniform ivec2 corner;     // of the tile
uniform ivec2 size;       // of the tile
uniform float footprint;  // frame pixels along a screen pixel
uniform int scale;
uniform float threshold;
uniform vec2 limits;      // on the scale
uniform bool flagged;
uniform bool masking;
uniform int pooling;      // 0 the greatest, 1 the one furthest from zero, 2 the mean
uniform vec4 gap;
uniform vec4 hatch;
in vec2 at;
out vec4 colour;

float forward(float value) {
  if (scale == 1) return sign(value) * sqrt(abs(value));
  if (scale == 2) return value > 0.0 ? log(value) : -1e30;
  if (scale == 3) return sign(value) * log(1.0 + abs(value) / threshold);
  return value;
}

void main() {
  int steps = clamp(int(ceil(footprint)), 1, ${MOST});
  float stride = footprint / float(steps);
  vec2 first = steps == 1 ? at : at - 0.5 * footprint + 0.5 * stride;
  float best = 0.0;
  float sum = 0.0;
  float count = 0.0;
  float sigmas = 0.0;
  uint reason = 0u;
  for (int row = 0; row < ${MOST}; row++) {
    if (row >= steps) break;
    for (int column = 0; column < ${MOST}; column++) {
      if (column >= steps) break;
      ivec2 pixel = ivec2(floor(first + stride * vec2(column, row))) - corner;
      pixel = clamp(pixel, ivec2(0), size - 1);
      uint flag = flagged ? texelFetch(flags, pixel, 0).r : 0u;
      if ((flag & 1u) != 0u || (masking && flag != 0u)) {
        reason = max(reason, flag);
        continue;
      }
      float value = float(texelFetch(plane, pixel, 0).r);
      if (count == 0.0 || (pooling == 1 ? abs(value) > abs(best) : value > best)) best = value;
      sum += value;
      count += 1.0;
      if (fade > 0.0) sigmas = max(sigmas, texelFetch(sure, pixel, 0).r);
    }
  }
  if (count == 0.0) {
    bool line = mod(gl_FragCoord.x + gl_FragCoord.y, 8.0) < 2.0;
    colour = reason == 2u && line ? hatch : gap;
    return;
  }
  if (pooling == 2) best = sum / count;
  float share = (forward(best) - limits.x) / (limits.y - limits.x);
  colour = texelFetch(colours, ivec2(clamp(int(share * 256.0), 0, 255), 0), 0);
  if (fade > 0.0) colour = mix(gap, colour, clamp(sigmas / fade, 0.0, 1.0));
}`;
}
