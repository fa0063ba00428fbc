import * as React from 'react';

/** Height of a row, as the style has it. */
export const ROW = 24; // px

/** Rows drawn beyond either edge of what shows. */
const SPARE = 8;

/** One row of a tree; what it says is made only of rows that show. */
export interface Row {
  /** What the row is known by. */
  readonly id: string;
  readonly level: number;
  /** Whether what lies below it shows; undefined where nothing lies below. */
  readonly expanded: boolean | undefined;
  readonly selected: boolean;
  readonly disabled: boolean;
  /** What it says, for the tooltip too. */
  readonly title: () => string;
  readonly content: () => React.ReactNode;
}

interface TreeProps {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly onActivate: (id: string) => void;
  /** Show or hide what lies below a row. */
  readonly onToggle?: (id: string) => void;
  /** Leave by the left arrow from a row of the first level, or by Backspace. */
  readonly onLeave: () => void;
  /** Whether the keyboard goes to the tree as soon as it shows. */
  readonly takesFocus: boolean;
  /** The row that the keyboard begins at. */
  readonly startAt?: string | undefined;
}

/**
 * A tree of any length, of which only the rows in view are in the page.
 *
 * Keyboard as the ARIA Authoring Practices have it: one stop for Tab; up, down, Home, End and Page keys move, right and
 * left open and close, Enter and Space activate.
 */
export function Tree(props: TreeProps): React.ReactElement {
  const { label, rows, onActivate, onToggle, onLeave, takesFocus, startAt } = props;
  const tree = React.useRef<HTMLDivElement>(null);
  const [current, setCurrent] = React.useState(startAt);
  const [wantsFocus, setWantsFocus] = React.useState(takesFocus);
  const span = useView(tree, rows.length);
  const last = React.useRef(0);
  const known = rows.findIndex(row => row.id === current);
  const fallback = current === undefined ? rows.findIndex(row => row.selected) : last.current;
  const active = known >= 0 ? known : Math.max(0, Math.min(fallback, rows.length - 1));
  const hadFocus = tree.current?.contains(document.activeElement);

  React.useLayoutEffect(() => {
    last.current = active;
    // A row that goes, such as the one that says that its keys are being read, takes the focus with it.
    const lost = hadFocus && !tree.current?.contains(document.activeElement);
    if ((wantsFocus || lost) && rows.length > 0) {
      tree.current?.querySelector<HTMLElement>(`[data-row="${active}"]`)?.focus({ preventScroll: true });
      setWantsFocus(false);
    }
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: where one begins is brought into view once
  React.useLayoutEffect(() => {
    const view = tree.current?.parentElement;
    if (view) {
      view.scrollTop = (active + 1) * ROW - view.clientHeight / 2;
    }
  }, []);

  const moveTo = (place: number): void => {
    const row = rows[Math.max(0, Math.min(place, rows.length - 1))];
    const view = tree.current?.parentElement;
    if (!row || !view) {
      return;
    }
    const top = rows.indexOf(row) * ROW;
    view.scrollTop = Math.max(top + ROW - view.clientHeight, Math.min(view.scrollTop, top));
    setCurrent(row.id);
    setWantsFocus(true);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[active];
    if (!row || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const page = Math.max(1, Math.floor((tree.current?.parentElement?.clientHeight ?? ROW) / ROW) - 1);
    const actions: Record<string, () => void> = {
      ArrowDown: () => moveTo(active + 1),
      ArrowUp: () => moveTo(active - 1),
      Home: () => moveTo(0),
      End: () => moveTo(rows.length - 1),
      PageDown: () => moveTo(active + page),
      PageUp: () => moveTo(active - page),
      ArrowRight: () => goIn(row),
      ArrowLeft: () => goOut(row),
      Backspace: onLeave,
      Enter: () => row.disabled || onActivate(row.id),
      ' ': () => row.disabled || onActivate(row.id)
    };
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      event.stopPropagation();
      setCurrent(row.id);
      action();
    }
  };
  const onClick = (event: React.MouseEvent<HTMLElement>): void => {
    const place = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row;
    const row = place === undefined ? undefined : rows[Number(place)];
    if (row) {
      setCurrent(row.id);
      if (!row.disabled) {
        onActivate(row.id);
      }
    }
  };
  const goIn = (row: Row): void => {
    if (row.expanded === false) {
      onToggle?.(row.id);
    } else if (row.expanded) {
      moveTo(active + 1);
    } else if (!row.disabled) {
      onActivate(row.id);
    }
  };
  const goOut = (row: Row): void => {
    if (row.expanded) {
      onToggle?.(row.id);
    } else if (row.level > 1) {
      moveTo(rows.slice(0, active).findLastIndex(other => other.level < row.level));
    } else {
      onLeave();
    }
  };
  // The focus would be lost with its row.
  const drawn = new Set(rows.slice(span.first, span.end).map((_, place) => span.first + place));
  if (rows.length > 0) {
    drawn.add(active);
  }
  return (
    <div className="pt-Tree">
      <div
        ref={tree}
        role="tree"
        aria-label={label}
        style={{ height: rows.length * ROW }}
        className="pt-Tree-rows"
        onKeyDown={onKeyDown}
        onClick={onClick}
      >
        {[...drawn]
          .sort((one, other) => one - other)
          .map(place => {
            const row = rows[place] as Row;
            return (
              <div
                key={row.id}
                role="treeitem"
                data-row={place}
                className="pt-Tree-row"
                aria-level={row.level}
                aria-setsize={rows.length}
                aria-posinset={place + 1}
                aria-expanded={row.expanded}
                aria-selected={row.selected}
                aria-disabled={row.disabled || undefined}
                tabIndex={place === active ? 0 : -1}
                title={row.title()}
                style={{ top: place * ROW, paddingLeft: (row.level - 1) * 26 + 4 }}
              >
                {row.content()}
              </div>
            );
          })}
      </div>
    </div>
  );
}

/** The rows in view and some more on either side, from `first` up to, but without, `end`. */
function useView(tree: React.RefObject<HTMLDivElement>, length: number) {
  const [span, setSpan] = React.useState({ first: 0, end: 60 });
  React.useEffect(() => {
    const view = tree.current?.parentElement;
    if (!view) {
      return;
    }
    const look = (): void => {
      const first = Math.max(0, Math.floor(view.scrollTop / ROW) - SPARE);
      const end = Math.ceil((view.scrollTop + view.clientHeight) / ROW) + SPARE;
      setSpan(seen => (seen.first === first && seen.end === end ? seen : { first, end }));
    };
    const resized = new ResizeObserver(look);
    resized.observe(view);
    view.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      resized.disconnect();
      view.removeEventListener('scroll', look);
    };
  }, [tree]);
  return { first: span.first, end: Math.min(span.end, length) };
}
