// The main views in “Default High Contrast Light”.

import * as views from '../gallery.mjs';

export const options = views.options('Default High Contrast Light');
export const { prepare } = views;

export default (stage) => views.gallery(stage, 'contrast-light');
