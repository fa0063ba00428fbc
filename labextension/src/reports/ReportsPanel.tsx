import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { Api, Job, Template, TemplateForm, Values } from '../api';
import { reportsIcon } from '../icons';
import { Announcer } from './Announcer';
import { type JobActions, JobCard } from './JobCard';
import { Jobs } from './jobs';
import { ReportForm } from './ReportForm';
import { TemplateList } from './TemplateList';

/** What the panel leaves to the application. */
export interface ReportsSurroundings {
  readonly openReport: (job: Job) => void;
  readonly openNotebook: (job: Job) => void;
  readonly chooseNotebook: (() => void) | undefined;
  readonly complain: (error: Error) => void;
}

/** The form that is open, and what it began with. */
interface OpenForm {
  readonly template: TemplateForm;
  readonly values: Values;
}

/** The sidebar of reports: templates, the form of one of them, and the jobs. */
export class ReportsPanel extends ReactWidget {
  constructor(
    private readonly api: Api,
    private readonly surroundings: ReportsSurroundings,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'pulsetrain-reports';
    this.addClass('pt-Panel');
    this.addClass('pt-Reports');
    this.title.icon = reportsIcon;
    this.title.caption = trans.__('Reports: run notebooks with parameters');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pulsetrain reports'));
    this.jobs = new Jobs(api, () => this.isVisible);
  }

  /** Show the form of a template. */
  async newReport(template: string, values: Values = {}): Promise<void> {
    this.form = { template: await this.api.template(template), values };
    this.formCount += 1;
    this.update();
    requestAnimationFrame(() => this.node.querySelector('section')?.scrollTo({ top: 0 }));
  }

  override dispose(): void {
    this.jobs.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this.jobs.refresh();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    void this.jobs.refresh();
  }

  protected override render(): React.ReactElement {
    const { trans } = this;
    return (
      <>
        <section aria-label={trans.__('New report')}>
          {this.form ? this.renderForm(this.form) : this.renderTemplates()}
        </section>
        <section aria-label={trans.__('Jobs')}>
          <h2 className="pt-Heading">{trans.__('Jobs')}</h2>
          <UseSignal signal={this.jobs.changed}>{() => this.renderJobs()}</UseSignal>
        </section>
      </>
    );
  }

  private renderTemplates(): React.ReactElement {
    const choose = (template: Template): void => this.attempt(this.newReport(template.id));
    return (
      <TemplateList
        load={this.loadTemplates}
        onChoose={choose}
        onOther={this.surroundings.chooseNotebook}
        trans={this.trans}
      />
    );
  }

  private renderForm({ template, values }: OpenForm): React.ReactElement {
    const close = (): void => {
      this.form = undefined;
      this.update();
    };
    const run = async (entered: Values): Promise<void> => {
      const job = await this.jobs.submit(template, entered);
      requestAnimationFrame(() =>
        this.node.querySelector(`[data-job="${CSS.escape(job.id)}"]`)?.scrollIntoView({ block: 'nearest' })
      );
    };
    return (
      <>
        <button type="button" className="jp-mod-styled pt-Back" onClick={close}>
          {this.trans.__('‹ All templates')}
        </button>
        <h2 className="pt-Heading">{template.title}</h2>
        {template.summary && <p className="pt-Hint">{template.summary}</p>}
        <ReportForm key={this.formCount} template={template} values={values} trans={this.trans} onRun={run} />
      </>
    );
  }

  private renderJobs(): React.ReactElement {
    const { jobs, trans } = this;
    return (
      <>
        <Announcer jobs={jobs.list} trans={trans} />
        {jobs.trouble && (
          <p className="pt-Trouble" role="alert">
            {trans.__('The server does not answer; trying again. (%1)', jobs.trouble)}
          </p>
        )}
        {jobs.known && jobs.list.length === 0 && (
          <p className="pt-Hint">{trans.__('No report has been run yet.')}</p>
        )}
        <ul className="pt-List">
          {jobs.list.map(job => (
            <JobCard key={job.id} job={job} log={jobs.logOf(job.id)} actions={this.actions} trans={trans} />
          ))}
        </ul>
      </>
    );
  }

  private attempt(work: Promise<unknown>): void {
    work.catch(this.surroundings.complain);
  }

  private readonly loadTemplates = (): Promise<readonly Template[]> => this.api.templates();

  private readonly actions: JobActions = {
    stop: job => this.attempt(this.jobs.stop(job.id)),
    resume: job => this.attempt(this.jobs.resume(job.id)),
    openReport: job => this.surroundings.openReport(job),
    openNotebook: job => this.surroundings.openNotebook(job),
    reuse: job => this.attempt(this.newReport(job.template, job.parameters)),
    followLog: (job, wanted) => this.attempt(this.jobs.follow(job.id, wanted))
  };

  private readonly jobs: Jobs;
  private form: OpenForm | undefined;
  private formCount = 0;
}
