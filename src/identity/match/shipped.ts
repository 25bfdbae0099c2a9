import { readModel, type Model } from './model.ts';
import shipped from './model.json' with { type: 'json' };

/** The model that the hub comes with, its hash checked. */
export const SHIPPED_MODEL: Model = readModel(shipped);
