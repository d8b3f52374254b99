/**
 * The layers: a command goes sources → queue → actions → report, and no step knows the one before or after it.
 * `ALLOWED` says, for each folder of src/, which other folders it may import; types count like values. Everyone may import the foundation.
 */
const FOUNDATION =
  '^src/(command|delivery|errors|excerpt|in-transaction|make-directories|package-root|printable|regular-file|same-command|secret|steady-clock|troubles|wait|white-space|whole-text|logger|logging/[^/]+)\\.ts$';
const WORKER = '^src/worker(\\.ts|/)';

const ALLOWED = {
  sources: {
    others: ['hub', 'broker'],
    why: 'A source turns what hub or broker says into commands, and knows nothing of what becomes of them.',
  },
  queue: { others: [], why: 'The queue decides on order alone; claim, run and report come in as functions.' },
  actions: {
    others: ['process', 'net'],
    why: 'An action does one thing to one system, whoever asked for it and whoever hears of it.',
  },
  report: {
    others: ['hub', 'broker'],
    why: 'A report delivers outcomes, and does not care how they came about.',
  },
  hub: {
    others: ['xml-rpc', 'net'],
    why: 'The hub client talks to Beaker, and leaves to others what to do with the answers.',
  },
  net: { others: [], why: 'Sockets, proxies and HTTP are the same whatever is said over them.' },
  broker: { others: ['net'], why: 'The broker client knows AMQP, and nothing of commands.' },
  process: { others: [], why: 'Running a child process is the same for whatever program.' },
  'xml-rpc': { others: [], why: 'A codec: both ends of the protocol share it.' },
  observe: { others: [], why: 'Metrics and health are told what happens; they never ask.' },
  claim: {
    others: ['hub', 'broker', 'report', 'queue', 'roster'],
    why: 'Claiming asks the hub and writes the journal, in the words of the queue, which hears of it through a function.',
  },
  relay: {
    others: ['hub', 'hub-from', 'broker', 'queue', 'roster', 'config'],
    why: 'The relay passes commands on; it runs none.',
  },
  roster: { others: ['broker'], why: 'The roster knows what the lab says, and not what follows from it.' },
  terminal: { others: [], why: 'Drawing on a terminal is the same whatever is drawn.' },
  status: {
    others: ['broker', 'roster', 'config', 'terminal'],
    why: 'Status shows what is heard, and asks nobody else.',
  },
  config: { others: [], why: 'Configuration is values; those who need one are handed it.' },
};

const layers = Object.entries(ALLOWED).map(([folder, { others, why }]) => ({
  name: `layer-${folder}`,
  comment: `${why} It may import ${[...others, 'the foundation'].join(', ')}.`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: [FOUNDATION, ...[folder, ...others].map((name) => `^src/${name}(/|\\.ts$)`)],
  },
}));

/** What only those who compose the whole may import. */
const RESERVED = {
  config: {
    importers: [
      'cli\\.ts',
      'cli/',
      'worker(\\.ts|/)',
      'hub-from\\.ts',
      'relay/',
      'status/',
      'server/',
      'demo/',
    ],
    why: 'Settings are handed down as arguments, the smallest type that serves.',
  },
  server: {
    importers: ['cli\\.ts', 'cli/', 'demo/'],
    why: 'The server is a program of its own beside the worker.',
  },
  relay: {
    importers: ['cli\\.ts', 'cli/', 'server/', 'demo/'],
    why: 'The relay is a program of its own; the server publishes as it does.',
  },
  status: { importers: ['cli\\.ts', 'cli/'], why: 'Status is a program of its own.' },
  demo: { importers: ['cli\\.ts', 'cli/'], why: 'Nothing may need the demo.' },
  cli: { importers: ['cli\\.ts'], why: 'The command line is where the program begins.' },
};

const reserved = Object.entries(RESERVED).map(([folder, { importers, why }]) => ({
  name: `reserved-${folder}`,
  comment: `${why} Imported only by those who start things.`,
  severity: 'error',
  from: { path: '^src/', pathNot: [`^src/${folder}/`, ...importers.map((name) => `^src/${name}`)] },
  to: { path: `^src/${folder}/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    ...reserved,
    {
      name: 'foundation-is-below',
      comment:
        'Everyone stands on command, delivery, errors, excerpt, in-transaction, package-root, printable, regular-file, secret, steady-clock, troubles, wait, white-space, whole-text and logger; they stand on each other only.',
      severity: 'error',
      from: { path: FOUNDATION },
      to: { path: '^src/', pathNot: FOUNDATION },
    },
    {
      name: 'claim-is-the-workers',
      comment: 'Claiming joins hub and journal; the queue gets it as a function, from the worker.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/claim/', WORKER] },
      to: { path: '^src/claim/' },
    },
    {
      name: 'worker-is-started-by-programs',
      comment: 'The worker puts everything together; only what starts a worker may know it.',
      severity: 'error',
      from: { path: '^src/', pathNot: [WORKER, '^src/cli\\.ts$', '^src/cli/', '^src/demo/'] },
      to: { path: WORKER },
    },
    {
      name: 'worker-knows-no-program',
      comment: 'What starts the worker is not its business; nor are the other programs.',
      severity: 'error',
      from: { path: WORKER },
      to: { path: '^src/(cli\\.ts|cli/|server/|demo/|relay/)' },
    },
    {
      name: 'cli-is-the-top',
      comment: 'cli.ts runs when it is imported.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/cli\\.ts$' },
    },
    {
      name: 'loggers-are-given',
      comment: 'A part logs to the logger that it is given: it imports the type. Programs create one.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli\\.ts$', '^src/cli/', '^src/demo/'] },
      to: { path: '^src/logger\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Of two files that import each other, neither can be understood alone.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports and that imports nobody is dead, or is waiting to be forgotten.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli\\.ts$', orphan: true },
      to: {},
    },
    {
      name: 'no-tests-in-src',
      comment: 'The product must not need what only tests and benches need.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(tests|bench|scripts)/' },
    },
    {
      name: 'no-dev-dependencies-in-src',
      comment: 'An installation has dependencies only.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that leads nowhere fails when the program starts.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
