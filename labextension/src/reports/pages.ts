import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { IThemeManager } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Api, Batch, Job } from '../api';
import { Commands } from '../commands';
import { reportsIcon } from '../icons';
import { isAtWork, isBusy } from './jobs';
import { type PageKind, PageViews } from './PageViews';
import { countsText, inputName, jobName } from './words';

/** Add the commands that open reports and comparisons in the main area. */
export function addPages(
  app: JupyterFrontEnd,
  api: Api,
  { restorer, themes }: { readonly restorer: ILayoutRestorer | null; readonly themes: IThemeManager | null },
  complain: (error: Error) => void,
  trans: TranslationBundle
): void {
  const viewsOf = (kind: PageKind): PageViews => new PageViews(app, kind, themes);
  const reports = viewsOf({
    name: 'report',
    command: Commands.openReport,
    url: args => api.jobs.reportUrl(String(args.id)),
    caption: title => trans.__('Report: %1', title),
    themed: false // its figures are drawn once, as on paper
  });
  const comparisons = viewsOf({
    name: 'comparison',
    command: Commands.openComparison,
    url: args => api.batches.comparisonUrl(String(args.id)),
    caption: title => trans.__('Comparison: %1', title),
    themed: true,
    progress: async args => {
      const batch = await api.batches.one(String(args.id));
      return { made: countsText(batch.counts, trans), busy: isBusy(batch) };
    }
  });
  const pairs = viewsOf({
    name: 'pair',
    command: Commands.compareJobs,
    url: args => api.jobs.compareUrl(String(args.first), String(args.second)),
    caption: title => trans.__('Two jobs: %1', title),
    themed: true,
    progress: async args => {
      const jobs = await Promise.all([args.first, args.second].map(id => api.jobs.one(String(id))));
      return { made: jobs.map(({ state }) => state).join(' '), busy: jobs.some(isAtWork) };
    }
  });
  app.commands.addCommand(Commands.openReport, {
    label: trans.__('Open report'),
    icon: reportsIcon,
    execute: args => reports.open(String(args.id), String(args.title), args)
  });
  app.commands.addCommand(Commands.openComparison, {
    label: trans.__('Open comparison'),
    icon: reportsIcon,
    execute: args => comparisons.open(String(args.id), String(args.title), args)
  });
  app.commands.addCommand(Commands.compareJobs, {
    label: trans.__('Compare two jobs'),
    icon: reportsIcon,
    execute: args => pairs.open(`${args.first} ${args.second}`, String(args.title), args)
  });
  // A comparison asks for the report of one of its jobs, and may ask for nothing else.
  window.addEventListener('message', event => {
    const asked: unknown = event.data?.openReport;
    const batch = comparisons.senderOf(event)?.id;
    if (typeof asked === 'string' && batch !== undefined && asked.startsWith(`${batch}.`)) {
      api.jobs
        .one(asked)
        .then(job => reports.open(job.id, reportTitle(job), { id: job.id, title: reportTitle(job) }))
        .catch(complain);
    }
  });
  if (restorer) {
    for (const views of [reports, comparisons, pairs]) {
      views.restoreBy(restorer);
    }
  }
}

/** What a report's tab is called. */
export function reportTitle(job: Job): string {
  return [inputName(job), job.title].filter(Boolean).join(' – ');
}

export function comparisonTitle(batch: Batch, trans: TranslationBundle): string {
  return trans.__('%1 (%2)', batch.title, trans._n('%1 job', '%1 jobs', batch.total, String(batch.total)));
}

export function pairTitle(first: Job, second: Job): string {
  return [first, second].map(job => jobName(job) || job.title).join(' | ');
}
