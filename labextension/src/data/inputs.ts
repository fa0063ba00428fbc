import type { Api, Key, Template, TemplateForm, Values } from '../api';

/** A template that takes data by its path. */
export interface InputTemplate extends Template {
  readonly parameters: readonly string[];
  /** What it says of its path. */
  readonly help: string;
}

/** The templates that have a parameter `path`. */
export async function inputTemplates(api: Pick<Api, 'templates' | 'template'>): Promise<InputTemplate[]> {
  const listed = await api.templates();
  const forms = await Promise.all(listed.map(template => api.template(template.id).catch(() => undefined)));
  return forms.flatMap(form => (form ? takesPath(form) : []));
}

/** The template that is most likely meant: the first whose help for `path` speaks of frames, or of spectra. */
export function likelyTemplate(templates: readonly InputTemplate[], key: Key): InputTemplate | undefined {
  const word = key.opens === 'spectra' ? /series|spectr/i : /frame|pattern|image/i;
  return templates.find(template => word.test(template.help)) ?? templates[0];
}

/** What the form begins with; only what the template has parameters for. */
export function inputValues(template: InputTemplate, key: Key): Values {
  const all: Values = { path: key.path, ...key.arguments };
  return Object.fromEntries(Object.entries(all).filter(([name]) => template.parameters.includes(name)));
}

function takesPath(form: TemplateForm): InputTemplate[] {
  const properties = (form.schema.properties ?? {}) as { [name: string]: { description?: string } };
  const path = properties.path;
  return path ? [{ ...form, parameters: Object.keys(properties), help: path.description ?? '' }] : [];
}
