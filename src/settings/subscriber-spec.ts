/** The settings of `subscribers.yaml`, declared once. */
import { allOr, listOf, name, objectOf, text, webAddress } from './declare.ts';
import type { SubscriberSettings } from './shape.ts';
import type { SettingsSpec, ValueSchema } from './spec.ts';

const subscriber: SettingsSpec<SubscriberSettings>['fields'] = {
  id: { schema: name, prose: 'Stands in deliveries and in the audit log.', example: 'portal' },
  url: { schema: webAddress, prose: 'Where events are sent.', example: 'https://portal.example.org/slotwire' },
  secret: {
    schema: {
      type: 'string',
      minLength: 16,
      maxLength: 4096,
      say: 'write ${VAR} or file:/path of 16 characters or more',
    },
    prose: 'Signs what is sent, so that the receiver can tell that it came from the hub.',
    secret: true,
    example: '${PORTAL_SECRET}',
  },
  topics: {
    schema: { ...listOf(name), minItems: 1 },
    prose: 'What it is told about.',
    example: ['appointment', 'slot'],
  },
  sites: { schema: allOr(text, 'site ids'), prose: "The sites it is told about, or '*'.", default: '*' },
};

export const subscribersSchema: ValueSchema = objectOf({
  subscribers: {
    schema: { type: 'array', items: objectOf(subscriber) },
    prose: 'Who is told about changes.',
    default: [],
  },
});
