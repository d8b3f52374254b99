// `node --import` this, and Node runs TypeScript: for the benches, which are not built.
import { register } from 'node:module';

register('./ts-hooks.mjs', import.meta.url);
