/** FHIR's XML of a resource that is given as JSON: primitives become `value` attributes, resources are wrapped. */
const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function asXml(resource: unknown): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${inner(resource, true)}`;
}

function inner(value: unknown, isRoot = false): string {
  if (typeof value !== 'object' || value === null) return '';
  const fields = value as Readonly<Record<string, unknown>>;
  const type = typeof fields['resourceType'] === 'string' ? fields['resourceType'] : null;
  const content = Object.entries(fields)
    .filter(([name]) => name !== 'resourceType')
    .map(([name, item]) => (Array.isArray(item) ? item : [item]).map((one) => element(name, one)).join(''))
    .join('');
  if (type === null) return content;
  return `<${type}${isRoot ? ' xmlns="http://hl7.org/fhir"' : ''}>${content}</${type}>`;
}

function element(name: string, value: unknown): string {
  if (typeof value === 'object' && value !== null) return `<${name}>${inner(value)}</${name}>`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `<${name} value="${text.replace(/[&<>"]/g, (sign) => SIGNS[sign] ?? sign)}"/>`;
}
