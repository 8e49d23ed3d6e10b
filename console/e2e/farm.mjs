// A farm of real parts: what `berth demo` makes, then server and agent under the tests' own control, so that either can
// be stopped and come back while a page is open.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 90_000;

export const host = 'demo-host';

/** until asks again until the answer is truthy, and gives that back. */
export async function until(what, ask, patient = patience) {
  const end = Date.now() + patient;
  let last;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(200);
  }
  throw new Error(`waited in vain: ${what}`, { cause: last });
}

/** program is BERTH_BIN, or else built from this checkout with the console in it. */
export function program(dir) {
  if (process.env.BERTH_BIN) return process.env.BERTH_BIN;
  const bin = join(dir, 'berth');
  const env = { ...process.env, CGO_ENABLED: '0' };
  execFileSync('go', ['build', '-o', bin, './cmd/berth'], { cwd: '..', env, stdio: 'inherit' });
  return bin;
}

/** Process is a part of the farm that can be stopped and started again. */
export class Process {
  constructor(bin, args, log) {
    Object.assign(this, { bin, args, log });
  }
  start() {
    const out = openSync(this.log, 'a');
    this.child = spawn(this.bin, this.args, { stdio: ['ignore', out, out] });
    this.ended = new Promise((resolve) => {
      this.child.on('exit', resolve);
      this.child.on('error', resolve);
    });
  }
  async stop() {
    this.child?.kill('SIGINT');
    const hard = setTimeout(() => this.child?.kill('SIGKILL'), 15_000);
    await this.ended;
    clearTimeout(hard);
  }
}

const publisher = 'CN=Fabrikam';

/** second packs and signs two packages of another publisher, one of which needs a framework, into one image. */
function second(farm, dir) {
  const [key, cert] = [join(dir, 'signer.key'), join(dir, 'signer.pem')];
  // A certificate that soon ends: the forecast has something to say.
  const subject = [
    '-subj',
    '/CN=Fabrikam',
    '-days',
    '20',
    '-addext',
    'extendedKeyUsage=codeSigning',
    '-addext',
    'keyUsage=digitalSignature',
  ];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const files = ['Sketch', 'Paint', 'Canvas', 'Brush'].map((name) => {
    const folder = join(dir, name);
    cpSync(join(farm.dir, 'packages', '1.0.0.0'), folder, { recursive: true });
    const manifest = join(folder, 'AppxManifest.xml');
    const needs = '<PackageDependency Name="Fabrikam.Runtime" Publisher="CN=Fabrikam" MinVersion="3.0.0.0"/>';
    const text = readFileSync(manifest, 'utf8')
      .replace(/Identity Name="[^"]*" Publisher="[^"]*"/, `Identity Name="Fabrikam.${name}" Publisher="${publisher}"`)
      .replaceAll('Contoso Notes', `Fabrikam ${name}`)
      .replace('</Dependencies>', `${name === 'Paint' ? needs : ''}</Dependencies>`);
    writeFileSync(manifest, text);
    const [plain, signed] = [join(dir, `${name}.plain.msix`), join(dir, `${name}.msix`)];
    farm.berth('msix', 'pack', folder, '--out', plain);
    farm.berth('msix', 'sign', plain, '--cert', cert, '--key', key, '--out', signed);
    return signed;
  });
  const [sketch, paint, canvas, brush] = files;
  farm.berth('image', 'build', sketch, paint, '--out', join(farm.images, 'suite.vhdx'));
  farm.berth('image', 'build', canvas, '--out', join(farm.images, 'canvas.vhd'));
  const expanded = join(dir, 'expanded');
  mkdirSync(join(expanded, 'apps'), { recursive: true });
  farm.berth('msix', 'unpack', brush, '--out', join(expanded, 'apps', 'Brush'), '--allow-untrusted');
  execFileSync('go', ['run', './test/writecim', expanded, join(farm.images, 'brush.cim')], { cwd: '..' });
  mkdirSync(join(farm.images, 'inbox'));
  cpSync(sketch, join(farm.images, 'inbox', 'Sketch.msix'));
}

/** startFarm returns once the server answers and the host has reported. */
export async function startFarm({ roots = [], logins } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
  const bin = program(dir);
  const data = join(dir, 'demo');
  execFileSync(bin, ['demo', '--once', '--dir', data], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 3 * patience,
  });
  const admin = JSON.parse(readFileSync(join(data, 'admin.json'), 'utf8'));
  const images = join(data, 'images');
  const env = { ...process.env, BERTH_BOOTSTRAP: join(data, 'admin.json') };
  const address = new URL(admin.url).host;
  const withLogins = logins ? ['--share-logins', logins] : [];
  const server = new Process(
    bin,
    [
      'server',
      '--data',
      join(data, 'server'),
      '--listen',
      address,
      '--image-root',
      images,
      '--bootstrap',
      join(data, 'admin.json'),
      ...roots.flatMap((root) => ['--image-root', root]),
      ...withLogins,
    ],
    join(dir, 'server.log'),
  );
  const agent = new Process(
    bin,
    ['agent', 'run', '--hold', 'agent', '--verify-all', '--state', join(data, 'agent'), ...withLogins],
    join(dir, 'agent.log'),
  );
  const farm = {
    ...admin,
    bin,
    dir: data,
    images,
    server,
    agent,
    ca: readFileSync(admin.caFile),
    berth: (...args) => execFileSync(bin, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    /** shell pastes a line into a shell, as an administrator does: with the program, its context and a token at hand. */
    shell: (line) =>
      execFileSync('bash', ['-euo', 'pipefail', '-c', line], {
        env: {
          ...env,
          PATH: `${dirname(bin)}:${process.env.PATH}`,
          BERTH_TOKEN: admin.token,
          CURL_CA_BUNDLE: admin.caFile,
        },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    /** trusted is the file by which the host trusts a signer whose certificate Berth brought. */
    trusted: (thumbprint) => join(data, 'agent', 'certificates', `berth-${thumbprint}.pem`),
    session: (verb, ...args) => farm.berth('agent', 'session', verb, '--state', join(data, 'agent'), ...args),
    async stop() {
      await agent.stop();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
    logs: () =>
      [server.log, agent.log]
        .map((file) => readFileSync(file, 'utf8').split('\n').slice(-15).join('\n'))
        .join('\n---\n'),
  };
  second(farm, dir);
  server.start();
  agent.start();
  try {
    await until('the server answers', () => api(farm, 'GET', '/whoami'));
    const before = await api(farm, 'GET', `/sites/${farm.site}/hosts/${host}`);
    await until(
      'the host reports',
      async () => (await api(farm, 'GET', `/sites/${farm.site}/hosts/${host}`)).lastSeen > before.enrolledAt,
    );
  } catch (error) {
    console.error(farm.logs());
    await farm.stop();
    throw error;
  }
  return farm;
}

/** api asks the server beside the browser, as another administrator would, trusting the farm's own authority. */
export const api = (farm, method, path, body, more = {}) => send(farm, method, `/api/v1${path}`, body, more);

/** azure asks Azure's interface of the server. */
export const azure = (farm, path) => send(farm, 'GET', path);

function send(farm, method, path, body, more = {}) {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${more.token ?? farm.token}`, 'Content-Type': 'application/json' };
    const call = request(`${farm.url}${path}`, { method, headers, ca: farm.ca }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => {
        if (answer.statusCode >= 300) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
        else resolve(text ? JSON.parse(text) : undefined);
      });
    });
    call.on('error', reject);
    call.end(body && JSON.stringify(body));
  });
}
