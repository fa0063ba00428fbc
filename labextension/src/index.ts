import { dataPlugin } from './data/plugin';
import { methodsPlugin } from './methods/plugin';
import { parametersPlugin } from './parameters/plugin';
import { reportsPlugin } from './reports/plugin';
import { statusBarPlugin } from './statusbar/plugin';

export default [dataPlugin, methodsPlugin, parametersPlugin, reportsPlugin, statusBarPlugin];
