import { LabIcon } from '@jupyterlab/ui-components';
import data from '../style/icons/data.svg';
import methods from '../style/icons/methods.svg';
import parameters from '../style/icons/parameters.svg';
import reports from '../style/icons/reports.svg';

export const dataIcon = new LabIcon({ name: 'pulsetrain:data', svgstr: data });
export const methodsIcon = new LabIcon({ name: 'pulsetrain:methods', svgstr: methods });
export const parametersIcon = new LabIcon({ name: 'pulsetrain:parameters', svgstr: parameters });
export const reportsIcon = new LabIcon({ name: 'pulsetrain:reports', svgstr: reports });
