import * as React from 'react';

interface FoldProps {
  readonly title: string;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
  readonly className?: string;
  readonly children: React.ReactNode;
}

/** A part of a form that can be folded away; what is within is only drawn while it is open. */
export function Fold({ title, open, onOpen, className = '', children }: FoldProps): React.ReactElement {
  return (
    <details
      className={`pt-Fold ${className}`}
      open={open}
      // It also tells of what it was set to by `open`.
      onToggle={event => event.currentTarget.open !== open && onOpen(event.currentTarget.open)}
    >
      <summary>{title}</summary>
      {open && children}
    </details>
  );
}
