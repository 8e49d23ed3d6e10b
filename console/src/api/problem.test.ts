import { describe, expect, it } from 'vitest';
import { parseProblem, Problem, toProblem, unreachable } from './problem';

describe('parseProblem', () => {
  it('reads what the native API answers', () => {
    const p = parseProblem(
      404,
      JSON.stringify({
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'there is no host "x"',
        kind: 'not found',
        code: 'E1',
        field: 'host',
        remedy: 'see `berth host list`',
        requestId: 'r1',
      }),
    );
    expect(p.title).toBe('Not Found');
    expect(p.detail).toBe('there is no host "x"');
    expect(p.more).toEqual({
      status: 404,
      code: 'E1',
      field: 'host',
      remedy: 'see `berth host list`',
      requestId: 'r1',
    });
    expect(p.message).toBe('Not Found: there is no host "x"');
  });

  it.each([
    ['a page of a proxy', '<html>502 Bad Gateway</html>'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
  ])('makes do with %s', (_, body) => {
    const p = parseProblem(502, body);
    expect(p.title).toBe('HTTP status 502');
    expect(p.detail).not.toBe('');
    expect(p.more.remedy).toContain('proxy');
    expect(p.passing).toBe(true);
  });

  it('does not show what is no text', () => {
    const p = parseProblem(400, JSON.stringify({ title: 7, detail: { a: 1 }, remedy: '' }));
    expect(p.title).toBe('HTTP status 400');
    expect(p.more.remedy).toBeUndefined();
  });
});

describe('Problem', () => {
  it.each([
    [401, true, false],
    [403, false, false],
    [409, false, false],
    [500, false, false],
    [503, false, true],
  ])('of status %d', (status, unauthenticated, passing) => {
    const p = new Problem('t', 'd', { status });
    expect(p.unauthenticated).toBe(unauthenticated);
    expect(p.passing).toBe(passing);
  });

  it('of no answer is passing, and says what to do', () => {
    const p = unreachable(new TypeError('Failed to fetch'));
    expect(p.passing).toBe(true);
    expect(p.detail).toBe('The browser says: Failed to fetch');
    expect(p.more.remedy).toBeTruthy();
  });

  it('is made of anything thrown', () => {
    const p = new Problem('t', 'd');
    expect(toProblem(p)).toBe(p);
    expect(toProblem(new Error('boom')).detail).toBe('boom');
    expect(toProblem('boom').detail).toBe('boom');
  });
});
