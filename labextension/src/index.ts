import { methodsPlugin } from './methods/plugin';
import { reportsPlugin } from './reports/plugin';

export default [methodsPlugin, reportsPlugin];
