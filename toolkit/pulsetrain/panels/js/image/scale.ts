/** Scales of intensity, as the shader, the histogram and the numbers on the colour bar use them. */

export const SCALES = ['linear', 'sqrt', 'log', 'symlog'] as const;
export type ScaleName = (typeof SCALES)[number];

/** The number by which the shader knows a scale. */
export function scaleIndex(name: ScaleName): number {
  return SCALES.indexOf(name);
}

/** What a scale makes of a value; `threshold` is where symlog goes over from linear to logarithmic. */
export function forward(name: ScaleName, value: number, threshold: number): number {
  if (name === 'sqrt') return Math.sign(value) * Math.sqrt(Math.abs(value));
  if (name === 'log') return value > 0 ? Math.log(value) : Number.NEGATIVE_INFINITY;
  if (name === 'symlog') return Math.sign(value) * Math.log1p(Math.abs(value) / threshold);
  return value;
}

/** The value that a scale makes `place` of. */
export function inverse(name: ScaleName, place: number, threshold: number): number {
  if (name === 'sqrt') return Math.sign(place) * place * place;
  if (name === 'log') return Math.exp(place);
  if (name === 'symlog') return Math.sign(place) * threshold * Math.expm1(Math.abs(place));
  return place;
}

/** Round values within a span, few enough to be written beside each other. */
export function ticks(name: ScaleName, low: number, high: number, wanted: number, threshold = 1): number[] {
  if (!(high > low)) return [];
  if (name === 'linear' || name === 'sqrt') return roundSteps(low, high, wanted);
  if (name === 'log') return thinned(decades(low, high), wanted);
  // Below its threshold symlog is linear: zero says enough there.
  const negative = low < 0 ? decades(Math.max(threshold, -high), -low) : [];
  const positive = decades(Math.max(threshold, low), high);
  const around = low <= 0 && high >= 0 ? [0] : [];
  const left = thinned(negative, wanted / 2).map(value => -value);
  return [...left.reverse(), ...around, ...thinned(positive, wanted / 2)];
}

/** A number as short as it can be told. */
export function short(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace('.0e', 'e').replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

function roundSteps(low: number, high: number, wanted: number): number[] {
  const raw = (high - low) / Math.max(1, wanted);
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = decade * ([1, 2, 5, 10].find(factor => factor * decade >= raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function decades(low: number, high: number): number[] {
  if (!(high > 0)) return [];
  const from = Math.floor(Math.log10(low > 0 ? low : high / 1e4));
  const to = Math.ceil(Math.log10(high));
  const found: number[] = [];
  for (let exponent = from; exponent <= to; exponent++) {
    for (const factor of to - from > 2 ? [1] : [1, 2, 5]) {
      const value = factor * 10 ** exponent;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) found.push(value);
    }
  }
  return found;
}

function thinned(values: number[], wanted: number): number[] {
  const every = Math.max(1, Math.ceil(values.length / Math.max(1, Math.floor(wanted))));
  return values.filter((_, index) => index % every === 0);
}
