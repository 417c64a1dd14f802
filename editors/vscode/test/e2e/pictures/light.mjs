// The main views in “Default Light Modern”.

import * as views from '../gallery.mjs';

export const options = views.options('Default Light Modern');
export const { prepare } = views;

export default (stage) => views.gallery(stage, 'light');
