export type { Profile, ProfileFormat, TouchKind, TouchedRange } from './profile/profile.js';
