import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Key, Listing, Picture, Sources, TemplateForm } from '../src/api';
import { Browser, join, parentsOf } from '../src/data/browser';
import { inputTemplates, inputValues, likelyTemplate } from '../src/data/inputs';
import { type Row, Tree } from '../src/data/Tree';
import { keyText, matches, sizeText, trainsText } from '../src/data/words';

const trans = nullTranslator.load('pulsetrain');
const nothing = () => undefined;

function key(changes: Partial<Key> = {}): Key {
  const plain = { name: 'image.data', shape: [40, 128, 128], dtype: 'float32', units: 'photons' };
  return {
    ...plain,
    opens: 'frames',
    entries: 40,
    arguments: { source: 'CAM' },
    path: '/exp/r1',
    ...changes
  };
}

function listing(changes: Partial<Listing> = {}): Listing {
  return { path: '/exp', root: '/exp', kind: 'folder', entries: [], total: 0, ...changes };
}

function sources(changes: Partial<Sources> = {}): Sources {
  const trains = { trains: 9, first_train: 100, last_train: 2100, duration: 200 };
  const names = ['CAM', 'XGM'];
  const all = names.map(name => ({ name, kind: 'instrument' as const, note: '' }));
  return { path: '/exp/r1', kind: 'run', sources: all, note: '', ...trains, ...changes };
}

/** A server whose answers are given one by one. */
function server() {
  const waiting: { what: string; give: (answer: unknown) => void; fail: (error: Error) => void }[] = [];
  const ask =
    (what: string) =>
    (...args: unknown[]): Promise<never> =>
      new Promise((resolve, reject) => {
        const give = resolve as (answer: unknown) => void;
        waiting.push({ what: [what, ...args.slice(0, 4)].join(' ').trim(), give, fail: reject });
      });
  const requests = {
    list: ask('list'),
    sources: ask('sources'),
    keys: ask('keys'),
    code: ask('code'),
    picture: ask('picture')
  };
  const take = async (what: string) => {
    await vi.waitFor(() => expect(waiting.map(asked => asked.what)).toContain(what));
    const [asked] = waiting.splice(
      waiting.findIndex(known => known.what === what),
      1
    );
    return asked as NonNullable<typeof asked>;
  };
  const browser = new Browser(requests, () => ({ width: 10, height: 10, theme: 'light' }));
  return { browser, take };
}

async function inRun() {
  const { browser, take } = server();
  const opened = browser.open('/exp/r1');
  (await take('list /exp/r1')).give(listing({ path: '/exp/r1', kind: 'run' }));
  (await take('sources /exp/r1')).give(sources());
  await opened;
  return { browser, take };
}

afterEach(cleanup);

describe('the browser', () => {
  it('goes into the only folder that is open', async () => {
    const { browser, take } = server();
    const opened = browser.open('');
    const entry = { name: '/exp', kind: 'folder' as const, size: null, modified: 1 };
    (await take('list')).give(listing({ path: '', root: '', entries: [entry], total: 1 }));
    (await take('list /exp')).give(listing());
    await opened;
    expect(browser.listing?.path).toBe('/exp');
  });

  it('shows what was asked for last, whatever is answered last', async () => {
    const { browser, take } = server();
    const first = browser.open('/exp/slow');
    const second = browser.open('/exp/quick');
    (await take('list /exp/quick')).give(listing({ path: '/exp/quick' }));
    (await take('list /exp/slow')).give(listing({ path: '/exp/slow' }));
    await Promise.all([first, second]);
    expect(browser.listing?.path).toBe('/exp/quick');
    expect(browser.busy).toBe(false);
  });

  it('stays where it is and says why a path cannot be shown', async () => {
    const { browser, take } = await inRun();
    const opened = browser.open('/etc');
    (await take('list /etc')).fail(new Error('outside'));
    await opened;
    expect([browser.contents?.path, browser.trouble, browser.busy]).toEqual(['/exp/r1', 'outside', false]);
  });

  it('asks for the keys of a source once, and again where that failed', async () => {
    const { browser, take } = await inRun();
    const toggled = browser.toggle('CAM');
    expect(browser.keys.get('CAM')).toBe('loading');
    (await take('keys /exp/r1 CAM')).fail(new Error('torn'));
    await toggled;
    expect(browser.keys.get('CAM')).toBeInstanceOf(Error);
    await browser.toggle('CAM');
    const again = browser.toggle('CAM');
    (await take('keys /exp/r1 CAM')).give([key()]);
    await again;
    await browser.toggle('CAM');
    await browser.toggle('CAM');
    expect(browser.keys.get('CAM')).toEqual([key()]);
  });

  it('drops the picture of a key that is no longer looked at', async () => {
    const { browser, take } = await inRun();
    void browser.select('CAM', key());
    (await take('code /exp/r1 CAM image.data')).give('frames');
    const late = await take('picture /exp/r1 CAM image.data 0');
    const second = browser.select('XGM', key({ name: 'energy' }));
    late.give({ image: new Blob(['late']), words: 'late' } satisfies Picture);
    (await take('code /exp/r1 XGM energy')).give('values');
    (await take('picture /exp/r1 XGM energy 0')).give({ image: new Blob(['x']), words: 'in time' });
    await second;
    expect([browser.selected?.words, browser.selected?.code]).toEqual(['in time', 'values']);
    browser.deselect();
    expect(browser.selected).toBeUndefined();
  });

  it('asks for the last of several steps only, and for none beyond the ends', async () => {
    const { browser, take } = await inRun();
    const selected = browser.select('CAM', key({ entries: 3 }));
    (await take('code /exp/r1 CAM image.data')).give('frames');
    (await take('picture /exp/r1 CAM image.data 0')).give({ image: new Blob(['x']), words: 'first' });
    await selected;
    const steps = [browser.step(1), browser.step(2), browser.step(3), browser.step(-1)];
    (await take('picture /exp/r1 CAM image.data 2')).give({ image: new Blob(['x']), words: 'third' });
    await Promise.all(steps);
    expect([browser.selected?.entry, browser.selected?.words]).toEqual([2, 'third']);
  });
});

describe('a path', () => {
  it.each<[string, string, string[]]>([
    ['/exp/SPB/p1', '/exp', ['/exp', '/exp/SPB']],
    ['/exp', '/exp', []],
    ['/a/b', '/', ['/', '/a']]
  ])('%s below %s has the parents %j', (path, root, parents) => {
    expect(parentsOf(listing({ path, root })).map(parent => parent.path)).toEqual(parents);
  });

  it('is joined without doubling the root', () => {
    expect([join('', '/exp'), join('/', 'a'), join('/a', 'b')]).toEqual(['/exp', '/a', '/a/b']);
  });
});

describe('words', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [12_345_678, '12 MB'],
    [2e15, '2000 TB']
  ])('%d bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it('tell a key and the trains of a run', () => {
    expect(keyText(key(), trans)).toBe('40 × 128 × 128 float32, photons');
    expect(trainsText(sources(), trans)).toBe('9 trains, 100 … 2100, 3 min');
    expect(trainsText(sources({ trains: 0, first_train: null, last_train: null }), trans)).toBe('no trains');
    expect(trainsText(sources({ trains: null }), trans)).toBe('');
  });

  it('of a filter are all to be found, in any case and order', () => {
    expect(matches('SPB_DET_AGIPD1M-1 image.data', 'data agipd')).toBe(true);
    expect(matches('SPB_DET_AGIPD1M-1 image.data', 'data lpd')).toBe(false);
    expect(matches('anything', '')).toBe(true);
  });
});

describe('use as input', () => {
  const forms: Record<string, TemplateForm> = Object.fromEntries(
    [
      { id: 'boosting', path: 'Run folder of the frames.', more: ['source', 'key'] },
      { id: 'spectra', path: 'Folder of the series.', more: ['source'] },
      { id: 'other', path: undefined, more: [] }
    ].map(({ id, path, more }) => {
      const names = path === undefined ? more : ['path', ...more];
      const properties = Object.fromEntries(names.map(name => [name, { description: path ?? '' }]));
      return [id, { id, title: id, summary: '', schema: { properties } }];
    })
  );
  const api = {
    templates: async () => [...Object.values(forms), { id: 'broken', title: '', summary: '' }],
    template: async (id: string) => forms[id] ?? Promise.reject(new Error('no template'))
  };

  it('offers the templates that take a path, the likely one first chosen', async () => {
    const templates = await inputTemplates(api);
    expect(templates.map(template => template.id)).toEqual(['boosting', 'spectra']);
    expect(likelyTemplate(templates, key())?.id).toBe('boosting');
    expect(likelyTemplate(templates, key({ opens: 'spectra' }))?.id).toBe('spectra');
  });

  it('hands over only what the template has parameters for', async () => {
    const [boosting, spectra] = await inputTemplates(api);
    const camera = key({ arguments: { source: 'CAM', key: 'image.data' } });
    expect(boosting && inputValues(boosting, camera)).toEqual({
      path: '/exp/r1',
      source: 'CAM',
      key: 'image.data'
    });
    expect(spectra && inputValues(spectra, camera)).toEqual({ path: '/exp/r1', source: 'CAM' });
  });
});

describe('the tree', () => {
  function row(id: string, changes: Partial<Row> = {}): Row {
    const plain = { level: 1, expanded: undefined, selected: false, disabled: false };
    return { id, ...plain, title: () => id, content: () => id, ...changes };
  }
  const common = { label: 'Sources', onActivate: nothing, onLeave: nothing, takesFocus: true };
  const press = (name: string) => fireEvent.keyDown(document.activeElement ?? document.body, { key: name });
  const focused = () => document.activeElement?.textContent;

  it('is walked through by the arrow keys, Home and End, with one stop for Tab', () => {
    render(<Tree {...common} rows={['a', 'b', 'c'].map(id => row(id))} />);
    expect(focused()).toBe('a');
    press('ArrowDown');
    expect(focused()).toBe('b');
    press('End');
    press('ArrowDown');
    expect(focused()).toBe('c');
    press('Home');
    press('ArrowUp');
    expect(focused()).toBe('a');
    expect(screen.getAllByRole('treeitem').map(item => item.tabIndex)).toEqual([0, -1, -1]);
  });

  it('opens by the right arrow, closes by the left one, and leaves at its edge', () => {
    const onToggle = vi.fn();
    const onActivate = vi.fn();
    const onLeave = vi.fn();
    const rows = [row('a', { expanded: true }), row('a1', { level: 2 }), row('b', { expanded: false })];
    render(<Tree {...common} {...{ rows, onToggle, onActivate, onLeave }} />);
    press('ArrowRight');
    expect(focused()).toBe('a1');
    press('Enter');
    expect(onActivate).toHaveBeenLastCalledWith('a1');
    press('ArrowLeft');
    expect(focused()).toBe('a');
    press('ArrowLeft');
    expect(onToggle).toHaveBeenLastCalledWith('a');
    press('End');
    press('ArrowRight');
    expect(onToggle).toHaveBeenLastCalledWith('b');
    press('ArrowLeft');
    press('Backspace');
    expect(onLeave).toHaveBeenCalledTimes(2);
  });

  it('keeps the focus where a row goes and others come in its place', () => {
    const { rerender } = render(
      <Tree {...common} rows={[row('a', { expanded: true }), row('reading', { level: 2 })]} />
    );
    press('ArrowDown');
    expect(focused()).toBe('reading');
    const rows = [row('a', { expanded: true }), row('key 1', { level: 2 }), row('key 2', { level: 2 })];
    rerender(<Tree {...common} rows={rows} />);
    expect(focused()).toBe('key 1');
  });

  it('leaves rows alone that lead nowhere', () => {
    const onActivate = vi.fn();
    render(<Tree {...common} onActivate={onActivate} rows={[row('a', { disabled: true })]} />);
    press('Enter');
    fireEvent.click(screen.getByRole('treeitem'));
    expect(onActivate).not.toHaveBeenCalled();
    expect(screen.getByRole('treeitem').getAttribute('aria-disabled')).toBe('true');
  });

  it('of thousands draws few rows and tells how many there are', () => {
    render(<Tree {...common} rows={Array.from({ length: 5000 }, (_, number) => row(`scan ${number}`))} />);
    const items = screen.getAllByRole('treeitem');
    expect(items.length).toBeLessThan(100);
    expect(items[0]?.getAttribute('aria-setsize')).toBe('5000');
    press('End');
    expect(focused()).toBe('scan 4999');
  });
});
