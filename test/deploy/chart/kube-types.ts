import * as kubernetes from '@kubernetes/client-node';
import type { KubeObject } from './objects.ts';

/** A class of the client library for Kubernetes, made of the API's own description. */
interface KubeType {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[];
}

const types = new Map(
  Object.entries(kubernetes).flatMap(([name, value]) => (isType(value) ? [[name, value] as const] : [])),
);

function isType(value: unknown): value is KubeType {
  return typeof value === 'function' && 'getAttributeTypeMap' in value;
}

/** What of an object Kubernetes' API does not know, or wants to be something else. Of kinds that are none of Kubernetes' own nothing is known. */
export function misfitsOf(object: KubeObject): readonly string[] {
  return types.has(`V1${object.kind}`) ? misfits(object, `V1${object.kind}`, object.kind) : [];
}

function misfits(value: unknown, type: string, path: string): readonly string[] {
  const element = /^Array<(.+)>$/.exec(type)?.[1];
  if (element !== undefined) {
    return Array.isArray(value)
      ? value.flatMap((each, index) => misfits(each, element, `${path}[${index}]`))
      : [`${path} is no list`];
  }
  const entry = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (entry !== undefined) {
    return Object.entries(Object(value)).flatMap(([name, each]) => misfits(each, entry, `${path}.${name}`));
  }
  const known = types.get(type)?.getAttributeTypeMap();
  if (known === undefined) return isOf(value, type) ? [] : [`${path} is no ${type}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no ${type}`];
  return Object.entries(value).flatMap(([name, each]) => {
    const attribute = known.find(({ baseName }) => baseName === name);
    return attribute === undefined ? [`${path}.${name} is unknown`] : misfits(each, attribute.type, `${path}.${name}`);
  });
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'IntOrString') return typeof value === 'string' || Number.isInteger(value);
  return ['string', 'number', 'boolean'].includes(type) ? typeof value === type : true;
}
