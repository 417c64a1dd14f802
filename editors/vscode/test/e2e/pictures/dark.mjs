// The main views in “Default Dark Modern”.

import * as views from '../gallery.mjs';

export const options = views.options('Default Dark Modern');
export const { prepare } = views;

export default (stage) => views.gallery(stage, 'dark');
