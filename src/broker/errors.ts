/** The broker answers, and says no: wrong password, no access, other settings. Only a person can change that, so it is retried slowly. */
export class BrokerRefusedError extends Error {
  override readonly name = 'BrokerRefusedError';
}

/** Something that was to be on the broker already is missing there. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
}

/** No queue takes a message that was to reach one. The broker did not keep it. */
export class UnroutableError extends Error {
  override readonly name = 'UnroutableError';
}

/** The broker did not confirm a message: it may have it or not. */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';
}
