import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { Api, Batch, BatchOrder, Executor, Job, Template, TemplateForm, Values } from '../api';
import { reportsIcon } from '../icons';
import type { BatchActions } from './BatchCard';
import { BatchJobs } from './batchJobs';
import type { FreshList } from './FreshList';
import type { JobActions } from './JobDetails';
import { JobsSection } from './JobsSection';
import { Jobs } from './jobs';
import { type BatchStart, startOf } from './order';
import { confirmPlan } from './PlanDialog';
import { type BatchMaking, ReportForm } from './ReportForm';
import { TemplateList } from './TemplateList';

/** What the panel leaves to the application. */
export interface ReportsSurroundings {
  readonly openReport: (job: Job) => void;
  readonly openNotebook: (job: Job) => void;
  readonly openComparison: (batch: Batch) => void;
  readonly compare: (first: Job, second: Job) => void;
  readonly chooseNotebook: (() => void) | undefined;
  readonly complain: (error: Error) => void;
  /** Whether the part of the form that makes batches was open last. */
  readonly batchOpen: () => boolean;
  readonly rememberBatchOpen: (open: boolean) => void;
}

/** What a form begins with. */
export interface FormStart extends BatchStart {
  readonly values?: Values;
  /** Whether a batch is to be made of it. */
  readonly batch?: boolean;
}

/** The form that is open, and what it began with. */
interface OpenForm {
  readonly template: TemplateForm;
  readonly values: Values;
  readonly batch: BatchMaking;
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
  async newReport(id: string, start: FormStart = {}): Promise<void> {
    const template = await this.api.template(id);
    this.form = { template, values: start.values ?? {}, batch: this.batchMaking(template, start) };
    this.formCount += 1;
    this.update();
    requestAnimationFrame(() => this.node.querySelector('section')?.scrollTo({ top: 0 }));
  }

  override dispose(): void {
    this.opened?.dispose();
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
          <JobsSection
            jobs={this.jobs}
            opened={this.opened}
            chosen={this.chosen}
            actions={this.actions}
            onCloseBatch={() => this.setOpened(undefined)}
            onCompare={(first, second) => this.surroundings.compare(first, second)}
            onClear={() => this.setChosen([])}
            trans={trans}
          />
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

  private renderForm({ template, values, batch }: OpenForm): React.ReactElement {
    const close = (): void => {
      this.form = undefined;
      this.update();
    };
    const run = async (entered: Values): Promise<void> => {
      await this.jobs.submit(template.id, entered);
      this.showNewest();
    };
    return (
      <>
        <button type="button" className="jp-mod-styled pt-Back" onClick={close}>
          {this.trans.__('‹ All templates')}
        </button>
        <ReportForm
          key={this.formCount}
          template={template}
          values={values}
          batch={batch}
          trans={this.trans}
          onRun={run}
        />
      </>
    );
  }

  private batchMaking(template: TemplateForm, start: FormStart): BatchMaking {
    const run = async (order: BatchOrder): Promise<void> => {
      await this.jobs.submitBatch(order);
      this.showNewest();
    };
    return {
      start,
      open: start.batch ?? this.surroundings.batchOpen(),
      onOpen: this.surroundings.rememberBatchOpen,
      executors: this.loadExecutors,
      onPreview: async order => {
        const plan = await this.api.batches.plan(order);
        if (await confirmPlan(plan, template.title, this.trans)) {
          await run(order);
        }
      },
      onRun: run
    };
  }

  /** Leave an open batch, and go to the top of the list. */
  private showNewest(): void {
    this.setOpened(undefined);
    requestAnimationFrame(() => this.node.querySelector('.pt-Scroll')?.scrollTo({ top: 0 }));
  }

  private readonly setOpened = (batch: Batch | undefined): void => {
    this.opened?.dispose();
    this.opened = batch && new BatchJobs(this.api, batch, () => this.isVisible);
    this.opened?.changed.connect(opened => this.jobs.told(opened.batch));
    this.update();
  };

  private setChosen(chosen: readonly Job[]): void {
    this.chosen = chosen;
    this.update();
  }

  private attempt(work: Promise<unknown>): void {
    work.catch(this.surroundings.complain);
  }

  /** The list that holds a job: the batch's that is open, or that of jobs by themselves. */
  private holder({ batch }: Job): FreshList {
    return this.opened && this.opened.batch.id === batch ? this.opened : this.jobs;
  }

  private readonly loadTemplates = (): Promise<readonly Template[]> => this.api.templates();
  private readonly loadExecutors = (): Promise<readonly Executor[]> => this.api.batches.executors();

  private readonly actions: JobActions & BatchActions = {
    stop: job => this.attempt(this.holder(job).stop(job.id)),
    resume: job => this.attempt(this.holder(job).resume(job.id)),
    openReport: job => this.surroundings.openReport(job),
    openNotebook: job => this.surroundings.openNotebook(job),
    reuse: job => this.attempt(this.newReport(job.template, { values: job.parameters })),
    follow: (job, wanted) => this.attempt(this.holder(job).follow(job.id, wanted)),
    isChosen: job => this.chosen.some(({ id }) => id === job.id),
    choose: job => {
      const others = this.chosen.filter(({ id }) => id !== job.id);
      this.setChosen(others.length < this.chosen.length ? others : [...others.slice(-1), job]);
    },
    openBatch: this.setOpened,
    openComparison: batch => this.surroundings.openComparison(batch),
    stopBatch: batch => this.attempt(this.jobs.stopBatch(batch.id).then(this.tellOpened)),
    resumeBatch: batch => this.attempt(this.jobs.resumeBatch(batch.id).then(this.tellOpened)),
    reuseBatch: batch =>
      this.attempt(
        this.newReport(batch.template, { ...startOf(batch), values: batch.parameters, batch: true })
      ),
    tableUrl: batch => this.api.batches.tableUrl(batch.id)
  };

  private readonly tellOpened = (batch: Batch): void => {
    if (this.opened?.batch.id === batch.id) {
      this.opened.told(batch);
    }
  };

  private readonly jobs: Jobs;
  private opened: BatchJobs | undefined;
  private chosen: readonly Job[] = [];
  private form: OpenForm | undefined;
  private formCount = 0;
}
