/** The account of the lab's worker and relay at the hub. */
export const ACCOUNT = { user: 'host/bench.example.com', password: 'bench' } as const;
/** The lab, which is named for the account. */
export const LAB = 'bench.example.com';
