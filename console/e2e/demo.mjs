// The real program, as `berth demo` shows it: server, agent, a package in two versions.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const patience = 90_000;

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
function program(dir) {
  if (process.env.BERTH_BIN) return process.env.BERTH_BIN;
  const bin = join(dir, 'berth');
  const env = { ...process.env, CGO_ENABLED: '0' };
  execFileSync('go', ['build', '-o', bin, './cmd/berth'], { cwd: '..', env, stdio: 'inherit' });
  return bin;
}

/** startDemo returns once the demo has shown everything and stays up. */
export async function startDemo() {
  const dir = mkdtempSync(join(tmpdir(), 'berth-e2e-'));
  const data = join(dir, 'demo');
  let said = '';
  const bin = program(dir);
  const child = spawn(bin, ['demo', '--dir', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const ended = new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', resolve);
  });
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  try {
    await until('the demo has come to its end', () => {
      if (child.exitCode !== null) throw new Error('the demo ended');
      return said.includes('Ctrl-C ends the demo');
    });
  } catch (error) {
    await stop();
    throw new Error(`the demo did not come to its end; it said:\n${said}`, { cause: error });
  }
  const admin = JSON.parse(readFileSync(join(data, 'admin.json'), 'utf8'));
  return {
    ...admin,
    bin,
    dir: data,
    ca: readFileSync(admin.caFile),
    stop,
    clean: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** api asks the server beside the browser, as another administrator would, trusting the demo's own authority. */
export function api(demo, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${demo.token}`, 'Content-Type': 'application/json' };
    const call = request(`${demo.url}/api/v1${path}`, { method, headers, ca: demo.ca }, (answer) => {
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
