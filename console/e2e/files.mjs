// A real file server that offers a folder as \\files\apps, for pictures that show the paths which administrators have.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from './farm.mjs';

export const share = '\\\\files\\apps';

const tool = (name) => ['/usr/sbin', '/usr/local/sbin', '/usr/bin'].map((dir) => join(dir, name)).find(existsSync);

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const conf = (port, user, dir) => `[global]
  server role = standalone server
  smb ports = ${port}
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  disable netbios = yes
  disable spoolss = yes
  load printers = no
  printcap name = /dev/null
  guest account = ${user}
  passdb backend = tdbsam:${dir}/passdb.tdb
  private dir = ${dir}/private
  lock directory = ${dir}/lock
  state directory = ${dir}/state
  cache directory = ${dir}/cache
  pid directory = ${dir}/pid
  ncalrpc dir = ${dir}/rpc
  log file = ${dir}/log
[apps]
  path = ${dir}/apps
  valid users = ${user}
`;

/** startFiles starts the server in a folder; the name files is known from the file with logins alone. Without Samba: nothing. */
export async function startFiles(dir) {
  const [smbd, pdbedit] = [tool('smbd'), tool('pdbedit')];
  if (!smbd || !pdbedit) return undefined;
  const { username } = userInfo();
  const port = await freePort();
  for (const name of ['private', 'lock', 'state', 'cache', 'pid', 'rpc', 'apps'])
    mkdirSync(join(dir, name), { recursive: true });
  const [file, logins, password] = [join(dir, 'smb.conf'), join(dir, 'logins.json'), 'secret'];
  writeFileSync(file, conf(port, username, dir), { mode: 0o600 });
  execFileSync(pdbedit, ['-s', file, '-a', '-t', '-u', username], {
    input: `${password}\n${password}\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  writeFileSync(logins, JSON.stringify([{ server: 'files', address: `127.0.0.1:${port}`, user: username, password }]), {
    mode: 0o600,
  });
  const server = spawn(smbd, ['-F', '--no-process-group', '-s', file], { stdio: 'ignore', detached: true });
  await until('the file server answers', () => reachable(port));
  return { folder: join(dir, 'apps'), logins, stop: () => process.kill(-server.pid, 'SIGKILL') };
}

const reachable = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
