/** What the command line says, by kebab-case name; what was not said is not there. Read with care: see `loadConfig`. */
export type RoleArguments = Readonly<Record<string, unknown>>;
