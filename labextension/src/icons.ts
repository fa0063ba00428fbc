import { LabIcon } from '@jupyterlab/ui-components';
import methods from '../style/icons/methods.svg';
import reports from '../style/icons/reports.svg';

export const methodsIcon = new LabIcon({ name: 'pulsetrain:methods', svgstr: methods });
export const reportsIcon = new LabIcon({ name: 'pulsetrain:reports', svgstr: reports });
