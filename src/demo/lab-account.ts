import { randomBytes } from 'node:crypto';
import { Secret } from '../secret.ts';

/** The lab of one show, and its account at the server. */
export interface LabAccount {
  readonly lab: string;
  readonly user: string;
  readonly password: Secret;
}

/** A lab that no other show has, so that many may share a broker. */
export function newLabAccount(): LabAccount {
  const lab = `demo-${randomBytes(3).toString('hex')}`;
  return { lab, user: `host/${lab}`, password: new Secret(randomBytes(16).toString('hex')) };
}
