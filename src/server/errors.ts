/** The request asks for a system or a command that the lab does not have. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** The request does not fit the state that the system or command is in, such as a second claim. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** The request itself is wrong; the message says which member, what was expected and what was found. */
export class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
}

/** Nobody is logged in, or the user name and password are not those of an account. */
export class AccessDeniedError extends Error {
  override readonly name = 'AccessDeniedError';
}

/** The request's body is larger than the server reads. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}
