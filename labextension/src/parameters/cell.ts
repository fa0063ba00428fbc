import type { ICellModel, ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel } from '@jupyterlab/notebook';

const TAG = 'parameters';
/** Of the cell that a report's own copy of the notebook was given its values by. */
const INJECTED = 'injected-parameters';

/** The cell whose parameters a report takes: the first code cell that is tagged so. */
export function parametersCell(model: INotebookModel | null | undefined): ICodeCellModel | undefined {
  return [...(model?.cells ?? [])].find(
    (cell): cell is ICodeCellModel => cell.type === 'code' && tagsOf(cell).includes(TAG)
  );
}

/** Whether another cell sets the parameters once more when the notebook runs. */
export function isOverridden(model: INotebookModel | null | undefined): boolean {
  return [...(model?.cells ?? [])].some(cell => cell.type === 'code' && tagsOf(cell).includes(INJECTED));
}

export function tagAsParameters(cell: ICellModel): void {
  cell.setMetadata('tags', [...tagsOf(cell), TAG]);
}

/** Change a cell's source by as few characters as it takes, so that undo and other people's cursors stand it. */
export function replaceSource(cell: ICellModel, source: string): void {
  const { start, end, text } = differenceOf(cell.sharedModel.getSource(), source);
  if (start < end || text !== '') {
    cell.sharedModel.updateSource(start, end, text);
  }
}

/** Which part of a text becomes what; pairs of surrogates stay whole. */
export function differenceOf(
  before: string,
  after: string
): { readonly start: number; readonly end: number; readonly text: string } {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) {
    start += 1;
  }
  if (isHalf(before, start) || isHalf(after, start)) {
    start -= 1;
  }
  let tail = 0;
  while (tail < shorter - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) {
    tail += 1;
  }
  if (isHalf(before, before.length - tail) || isHalf(after, after.length - tail)) {
    tail -= 1;
  }
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

/** Whether a place is between the two halves of a character. */
function isHalf(text: string, place: number): boolean {
  return /[\uD800-\uDBFF]/.test(text[place - 1] ?? '') && /[\uDC00-\uDFFF]/.test(text[place] ?? '');
}

function tagsOf(cell: ICellModel): string[] {
  const tags: unknown = cell.getMetadata('tags');
  return Array.isArray(tags) ? tags : [];
}
