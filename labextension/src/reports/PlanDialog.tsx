import { Clipboard, Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { BatchPlan } from '../api';
import { PlanView } from './PlanView';

/** Show what a batch would be; resolves to whether it is to be run. */
export async function confirmPlan(
  plan: BatchPlan,
  title: string,
  trans: TranslationBundle
): Promise<boolean> {
  const body = ReactWidget.create(
    <PlanView plan={plan} copy={text => Clipboard.copyToSystem(text)} trans={trans} />
  );
  body.addClass('pt-PlanBody');
  const dialog = new Dialog({
    title: trans.__('%1: batch of %2', title, trans._n('%1 job', '%1 jobs', plan.total, String(plan.total))),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Back to the form') }),
      Dialog.okButton({ label: trans.__('Run batch') })
    ],
    hasClose: true
  });
  dialog.addClass('pt-PlanDialog');
  return (await dialog.launch()).button.accept;
}
