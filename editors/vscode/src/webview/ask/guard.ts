// Buttons that do nothing for a moment after they came: a click or a key that was meant for something else must not
// answer anything.

export const GUARD_MS = 700;

export function guard(buttons: HTMLButtonElement[]): void {
  for (const button of buttons) button.disabled = true;
  setTimeout(() => {
    for (const button of buttons) button.disabled = false;
  }, GUARD_MS);
}
