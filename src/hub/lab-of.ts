/**
 * The lab that an account acts for: `host/LAB` is the account of LAB, as in Beaker; any other name is a lab's own.
 */
export function labOf(user: string): string {
  return user.startsWith('host/') && user.length > 'host/'.length ? user.slice('host/'.length) : user;
}
