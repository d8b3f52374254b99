import type { SettingName } from './config.ts';
import type { Setting, Settings } from './setting.ts';
import { brokerSettings } from './settings/broker-settings.ts';
import { hubSettings } from './settings/hub-settings.ts';
import { labSettings } from './settings/lab-settings.ts';
import { observeSettings } from './settings/observe-settings.ts';
import { powerSettings } from './settings/power-settings.ts';
import { provisioningSettings } from './settings/provisioning-settings.ts';
import { serverSettings } from './settings/server-settings.ts';

/** The one table of all that can be configured; everything about configuration derives from it. */
export const SETTINGS: Settings = {
  ...hubSettings,
  ...labSettings,
  ...powerSettings,
  ...provisioningSettings,
  ...brokerSettings,
  ...observeSettings,
  ...serverSettings,
};

/** The settings by subject, in the order in which people should read them. */
export const SETTING_GROUPS: readonly { readonly title: string; readonly settings: readonly Setting[] }[] = [
  { title: 'Beaker server', settings: Object.values(hubSettings) },
  { title: 'Lab and worker', settings: Object.values(labSettings) },
  { title: 'Power', settings: Object.values(powerSettings) },
  { title: 'Provisioning', settings: Object.values(provisioningSettings) },
  { title: 'Message broker', settings: Object.values(brokerSettings) },
  { title: 'Log and monitoring', settings: Object.values(observeSettings) },
  { title: 'Small server', settings: Object.values(serverSettings) },
];

/** Every setting with the name of its member in `Config`. */
export function namedSettings(): readonly (readonly [SettingName, Setting])[] {
  // Object.entries forgets which names an object has.
  return Object.entries(SETTINGS) as [SettingName, Setting][];
}
