import type { PowerSettings } from '../command.ts';
import { inTransaction } from '../in-transaction.ts';
import { Secret } from '../secret.ts';
import type { Sqlite } from './database.ts';
import { ConflictError, NotFoundError } from './errors.ts';
import { Query } from './query.ts';
import type { System } from './system.ts';

/** The systems of all labs, kept in SQLite. Names are compared without regard to case. */
export class Systems {
  readonly #database: Sqlite;
  readonly #byLab: Query<SystemRow>;
  readonly #byName: Query<SystemRow>;
  readonly #upsert: Query<{ fqdn: string }>;

  constructor(database: Sqlite) {
    this.#database = database;
    this.#byLab = new Query(database, 'SELECT * FROM systems WHERE lab = ? ORDER BY fqdn');
    this.#byName = new Query(database, 'SELECT * FROM systems WHERE lab = ? AND fqdn = ?');
    this.#upsert = new Query(database, UPSERT);
  }

  /** The systems of a lab by name. */
  list(lab: string): readonly System[] {
    return this.#byLab.all(lab).map(toSystem);
  }

  /** The system of that name, if the lab has it. */
  find(lab: string, fqdn: string): System | undefined {
    const row = this.#byName.first(lab, fqdn);
    return row && toSystem(row);
  }

  /** @throws NotFoundError when the lab has no such system. */
  get(lab: string, fqdn: string): System {
    const system = this.find(lab, fqdn);
    if (system === undefined) throw new NotFoundError(`lab ${lab} has no system ${fqdn}`);
    return system;
  }

  /**
   * Adds the system or replaces its settings.
   * @throws ConflictError when another lab has a system of that name.
   */
  put({ fqdn, lab, quiescentPeriodS, power }: System): void {
    const stored = this.#upsert.first({ fqdn, lab, rest: quiescentPeriodS, power: storePower(power) });
    if (stored === undefined)
      throw new ConflictError(`another lab has a system ${fqdn}: a system belongs to one lab`);
  }

  /** Puts all of them, or none when one is refused. */
  putAll(systems: readonly System[]): void {
    inTransaction(this.#database, () => {
      for (const system of systems) this.put(system);
    });
  }
}

/** Power settings as a column holds them, the password included: the hub hands it to the lab. */
export function storePower({ type, address, id, user, password }: PowerSettings): string {
  return JSON.stringify({ type, address, id, user, passwd: password.reveal() });
}

const UPSERT = `
  INSERT INTO systems (fqdn, lab, quiescent_period, power) VALUES (:fqdn, :lab, :rest, :power)
  ON CONFLICT (fqdn) DO UPDATE SET quiescent_period = :rest, power = :power WHERE lab = :lab
  RETURNING fqdn`;

interface SystemRow {
  readonly fqdn: string;
  readonly lab: string;
  readonly quiescent_period: number;
  readonly power: string;
}

interface StoredPower {
  readonly type: string;
  readonly address: string;
  readonly id: string;
  readonly user: string;
  readonly passwd: string;
}

function toSystem(row: SystemRow): System {
  const { passwd, ...power } = JSON.parse(row.power) as StoredPower;
  return {
    fqdn: row.fqdn,
    lab: row.lab,
    quiescentPeriodS: row.quiescent_period,
    power: { ...power, password: new Secret(passwd) },
  };
}
