import * as React from 'react';
import { Layout, type Span } from './windowing';

/** Rows drawn beyond either edge of what shows. */
const SPARE = 4;

interface WindowedListProps {
  /** What each row is known by. */
  readonly keys: readonly string[];
  readonly render: (row: number) => React.ReactNode;
  /** Height of a row that has not been drawn yet, in pixels. */
  readonly guess: number;
  readonly label: string;
  /** A row that is drawn in any case, such as the one that the keyboard is at. */
  readonly always?: number;
  readonly onSpan?: (span: Span) => void;
  readonly onKeyDown?: React.KeyboardEventHandler;
}

/**
 * A list of any length, of which only the rows that show are in the page.
 *
 * Rows may differ in height and change it. What is in view stays where it is when rows above it come, go or grow. The
 * list is scrolled by the nearest `.pt-Scroll` around it.
 */
export function WindowedList(props: WindowedListProps): React.ReactElement {
  const { keys, render, guess, label, always, onSpan, onKeyDown } = props;
  const list = React.useRef<HTMLUListElement>(null);
  const [focused, setFocused] = React.useState<string>();
  const { heights, measured } = useHeights(list);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `measured` counts the changes of the heights
  const layout = React.useMemo(
    () =>
      new Layout(
        keys.map(key => heights.get(key)),
        guess
      ),
    [keys, guess, measured]
  );
  const span = useView(list, layout, keys);
  React.useEffect(() => {
    onSpan?.({ first: span.first, end: span.end });
  }, [onSpan, span.first, span.end]);

  const drawn = new Set<number>();
  for (let row = span.first; row < Math.min(span.end, keys.length); row++) {
    drawn.add(row);
  }
  // The focus would be lost with its row.
  for (const row of [always ?? -1, focused === undefined ? -1 : keys.indexOf(focused)]) {
    if (row >= 0 && row < keys.length) {
      drawn.add(row);
    }
  }
  return (
    <ul
      ref={list}
      className="pt-List pt-Windowed"
      aria-label={label}
      style={{ height: layout.height }}
      onKeyDown={onKeyDown}
      onFocus={event => setFocused(event.target.closest<HTMLElement>('.pt-Windowed > li')?.dataset.key)}
      onBlur={() => setFocused(undefined)}
    >
      {[...drawn]
        .sort((one, other) => one - other)
        .map(row => (
          <li
            key={keys[row]}
            data-key={keys[row]}
            data-row={row}
            aria-setsize={keys.length}
            aria-posinset={row + 1}
            style={{ top: layout.topOf(row) }}
          >
            {render(row)}
          </li>
        ))}
    </ul>
  );
}

type ListRef = React.RefObject<HTMLUListElement>;

/** The heights of the rows by their keys, as far as they have been drawn, and how often they have changed. */
function useHeights(list: ListRef): {
  readonly heights: ReadonlyMap<string, number>;
  readonly measured: number;
} {
  const [heights] = React.useState(() => new Map<string, number>());
  const [watched] = React.useState(() => new Set<Element>());
  const [measured, setMeasured] = React.useState(0);
  const take = React.useCallback(() => {
    let changed = false;
    for (const row of rowsOf(list)) {
      const { height } = row.getBoundingClientRect();
      const key = row.dataset.key ?? '';
      if (height > 0 && Math.abs(height - (heights.get(key) ?? 0)) > 0.1) {
        heights.set(key, height);
        changed = true;
      }
    }
    if (changed) {
      setMeasured(count => count + 1);
    }
  }, [list, heights]);
  const [grown] = React.useState(() => new ResizeObserver(take));
  // Before each drawing is seen; what grows by itself later, such as details that are unfolded, is observed.
  React.useLayoutEffect(() => {
    take();
    const rows = new Set<Element>(rowsOf(list));
    for (const gone of [...watched].filter(row => !rows.has(row))) {
      grown.unobserve(gone);
      watched.delete(gone);
    }
    for (const fresh of [...rows].filter(row => !watched.has(row))) {
      grown.observe(fresh);
      watched.add(fresh);
    }
  });
  React.useEffect(() => () => grown.disconnect(), [grown]);
  return { heights, measured };
}

/** Which rows are in view; what shows is kept in its place while the layout changes. */
function useView(list: ListRef, layout: Layout, keys: readonly string[]): Span {
  const [span, setSpan] = React.useState<Span>({ first: 0, end: 0 });
  const drawn = React.useRef({ layout, keys });

  const look = React.useCallback(() => {
    const view = viewOf(list);
    if (view) {
      const next = drawn.current.layout.span(view.top, view.height, SPARE);
      setSpan(seen => (seen.first === next.first && seen.end === next.end ? seen : next));
    }
  }, [list]);

  React.useLayoutEffect(() => {
    const before = drawn.current;
    drawn.current = { layout, keys };
    const view = viewOf(list);
    if (view && view.top > 0 && before.layout !== layout) {
      const first = before.layout.rowAt(view.top);
      const row = keys.indexOf(before.keys[first] ?? '');
      const moved = row < 0 ? 0 : layout.topOf(row) - before.layout.topOf(first);
      if (Math.abs(moved) >= 1) {
        view.scroller.scrollTop += moved;
      }
    }
    look();
  }, [list, layout, keys, look]);

  React.useEffect(() => {
    const scroller = viewOf(list)?.scroller;
    if (!scroller) {
      return;
    }
    const resized = new ResizeObserver(look);
    resized.observe(scroller);
    scroller.addEventListener('scroll', look, { passive: true });
    return () => {
      resized.disconnect();
      scroller.removeEventListener('scroll', look);
    };
  }, [list, look]);
  return span;
}

/** How far the list is scrolled past the upper edge of what scrolls it, and how much of it can be seen. */
function viewOf(list: ListRef) {
  const scroller = list.current?.closest<HTMLElement>('.pt-Scroll');
  if (!list.current || !scroller) {
    return undefined;
  }
  const top = scroller.getBoundingClientRect().top - list.current.getBoundingClientRect().top;
  return { scroller, top, height: scroller.clientHeight };
}

function rowsOf(list: ListRef): Iterable<HTMLElement> {
  return (list.current?.children ?? []) as Iterable<HTMLElement>;
}
