// Puts the front end into dist/; into elsewhere/, where `API` names the site of another address that it calls.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync } from 'node:fs';

const API = process.env.API ?? '';
const outdir = API ? 'elsewhere' : 'dist';

mkdirSync(outdir, { recursive: true });
copyFileSync('src/index.html', `${outdir}/index.html`);
await build({
  entryPoints: ['src/app.jsx', 'src/app.css'],
  outdir,
  bundle: true,
  minify: true,
  jsx: 'automatic',
  target: 'es2022',
  define: {
    'process.env.NODE_ENV': '"production"',
    API: JSON.stringify(API),
  },
});
