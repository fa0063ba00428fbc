import { methodsPlugin } from './methods/plugin';
import { parametersPlugin } from './parameters/plugin';
import { reportsPlugin } from './reports/plugin';

export default [methodsPlugin, parametersPlugin, reportsPlugin];
