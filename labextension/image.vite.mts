import { defineConfig } from 'vite';

const panels = '../toolkit/pulsetrain/panels/js';

/** The detector image of the controls: an ES module that the Python package carries and hands to the browser. */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    lib: { entry: `${panels}/image/index.ts`, formats: ['es'], fileName: () => 'image.js' },
    outDir: panels,
    emptyOutDir: false
  }
});
