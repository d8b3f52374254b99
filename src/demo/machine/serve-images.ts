import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server, on loopback, of these files by their names. */
export interface ServedImages {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the files, each under its name. */
export async function serveImages(files: Readonly<Record<string, string>>): Promise<ServedImages> {
  const server = createServer(({ url }, response) => {
    const path = files[url?.slice(1) ?? ''];
    if (path === undefined) response.writeHead(404).end();
    else
      createReadStream(path)
        .on('error', () => response.destroy())
        .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
