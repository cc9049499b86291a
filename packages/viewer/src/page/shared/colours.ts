/** Red, green and blue, each from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The current values of the theme's custom properties for `element`. */
export function themeColours<Name extends string>(
  element: Element,
  names: readonly Name[],
): Record<Name, string> {
  const probe = document.createElement('span');
  element.append(probe);
  const colours = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  ) as Record<Name, string>;
  probe.remove();
  return colours;
}

/** The numbers of a colour as the browser computes it: `rgb(1, 2, 3)`. */
export function rgbOf(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return [red, green, blue];
}
