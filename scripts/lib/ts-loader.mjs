// `node --import` this, and Node runs TypeScript: for what is not built, the benches and the long chaos runs.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);
