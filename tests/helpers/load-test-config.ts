import { loadConfig } from '../../src/config/load-config.ts';
import type { LoadOptions } from '../../src/config/load-config.ts';
import type { LoadedConfig } from '../../src/config/config.ts';

/** Loads a configuration from what a test gives, and from nothing on the machine that runs it. */
export function loadTestConfig(options: Partial<LoadOptions> = {}): LoadedConfig {
  return loadConfig({
    env: {},
    flags: {},
    isTerminal: false,
    hostName: 'myhost.example.com',
    defaultFile: '/nonexistent/labcontroller.conf',
    ...options,
  });
}
