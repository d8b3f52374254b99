#!/usr/bin/env node
import { Signals } from './cli/signals.ts';
import { closeDebugger, leaveDeletedDirectory, refuseOldNode } from './cli/solid-ground.ts';
import { readEnvironment } from './config/read-environment.ts';

// Before all else is even loaded, which takes half a second in which a signal would end the process.
const signals = new Signals();
refuseOldNode();
leaveDeletedDirectory();
closeDebugger(readEnvironment());
const { main } = await import('./cli/main.ts');

// Not left to the event loop: a connection that is being made somewhere would keep it turning for seconds.
process.exit(await main(process.argv.slice(2), signals));
