import { Secret } from '../secret.ts';
import type { Config } from './config.ts';

/** Every secret of a configuration, and the passwords inside of its URLs, for masking wherever they turn up. */
export function configSecrets({
  password,
  accessToken,
  amqpUrls,
  serverAccounts,
}: Config): readonly Secret[] {
  return [
    ...amqpUrls.flatMap(passwordsOf),
    ...[password, accessToken].filter((secret) => secret !== undefined),
    ...serverAccounts.values(),
  ];
}

/** The password of a URL as it is written there and as it is sent. */
function passwordsOf(url: Secret): Secret[] {
  const { password } = new URL(url.reveal());
  const forms = new Set([password, decode(password)]);
  return [...forms].filter((form) => form !== '').map((form) => new Secret(form));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
