import { LabIcon } from '@jupyterlab/ui-components';
import methods from '../style/icons/methods.svg';
import parameters from '../style/icons/parameters.svg';
import reports from '../style/icons/reports.svg';

export const methodsIcon = new LabIcon({ name: 'pulsetrain:methods', svgstr: methods });
export const parametersIcon = new LabIcon({ name: 'pulsetrain:parameters', svgstr: parameters });
export const reportsIcon = new LabIcon({ name: 'pulsetrain:reports', svgstr: reports });
