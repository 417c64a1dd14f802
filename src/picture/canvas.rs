//! Pixels in memory: eight bits a channel, RGB or RGBA, row by row. Pure.
//!
//! A [`Shrinker`] makes an image smaller while its rows come, so that memory depends on the small one: each new pixel
//! is the average of the area that it covers, in whole numbers, so that it is the same on every machine (invariant 4).

use super::orientation::Orientation;

/// Bytes of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Rgb,
    Rgba,
}

impl Channels {
    pub(super) fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// An image in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Canvas {
    width: u32,
    height: u32,
    channels: Channels,
    data: Vec<u8>,
}

impl Canvas {
    pub(super) fn width(&self) -> u32 {
        self.width
    }

    pub(super) fn height(&self) -> u32 {
        self.height
    }

    pub(super) fn has_alpha(&self) -> bool {
        self.channels == Channels::Rgba
    }

    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// Leaves the fourth channel out where it says nothing.
    pub(super) fn drop_opaque_alpha(&mut self) {
        if self.has_alpha() && self.data.chunks_exact(4).all(|pixel| pixel.last() == Some(&u8::MAX)) {
            let mut kept = 0;
            self.data.retain(|_| {
                kept += 1;
                kept % 4 != 0
            });
            self.channels = Channels::Rgb;
        }
    }

    /// A smaller one; a side that is asked for longer than it is stays.
    pub(super) fn shrunk(&self, width: u32, height: u32) -> Self {
        let mut shrinker = Shrinker::new((self.width, self.height), (width, height), self.channels);
        let row = self.width as usize * self.channels.count();
        for row in self.data.chunks_exact(row.max(1)) {
            shrinker.push(row);
        }
        shrinker.done()
    }

    /// Turns it upright.
    pub(super) fn turn(&mut self, orientation: Orientation) {
        if orientation.is_upright() {
            return;
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let channels = self.channels.count();
        let across = orientation.quarters % 2 == 1;
        let (new_width, new_height) = if across { (height, width) } else { (width, height) };
        let mut data = Vec::with_capacity(self.data.len());
        for y in 0..new_height {
            for x in 0..new_width {
                let (x, y) = match orientation.quarters {
                    1 => (y, height - 1 - x),
                    2 => (width - 1 - x, height - 1 - y),
                    3 => (width - 1 - y, x),
                    _ => (x, y),
                };
                let x = if orientation.mirrored { width - 1 - x } else { x };
                let at = (y * width + x) * channels;
                data.extend_from_slice(self.data.get(at..at + channels).unwrap_or_default());
            }
        }
        if across {
            (self.width, self.height) = (self.height, self.width);
        }
        self.data = data;
    }
}

/// Makes an image smaller row by row.
pub(super) struct Shrinker {
    from: (u32, u32),
    to: (u32, u32),
    channels: Channels,
    /// Rows taken.
    rows: u32,
    /// The newest row, as wide as the new image: sums over the width.
    across: Vec<u64>,
    /// The new row in work: sums over the area.
    area: Vec<u64>,
    data: Vec<u8>,
}

impl Shrinker {
    /// From one size to another that is no larger on either side.
    pub(super) fn new(from: (u32, u32), to: (u32, u32), channels: Channels) -> Self {
        let to = (to.0.clamp(1, from.0.max(1)), to.1.clamp(1, from.1.max(1)));
        let row = to.0 as usize * channels.count();
        Self {
            from,
            to,
            channels,
            rows: 0,
            across: vec![0; row],
            area: vec![0; row],
            data: Vec::with_capacity(row * to.1 as usize),
        }
    }

    /// Takes the next row, from the top.
    pub(super) fn push(&mut self, row: &[u8]) {
        if self.rows >= self.from.1 {
            return;
        }
        if self.from == self.to {
            self.data.extend_from_slice(row);
            self.rows += 1;
            return;
        }
        self.sum_across(row);
        // An old row is as long as the new image has rows, a new row as long as the old one has: whole numbers.
        let (old, new) = (u64::from(self.to.1), u64::from(self.from.1));
        let start = u64::from(self.rows) * old;
        let end = start + old;
        let border = (start / new + 1) * new;
        self.add((border.min(end)) - start);
        if end >= border {
            self.finish_row();
            self.add(end - border);
        }
        self.rows += 1;
    }

    fn sum_across(&mut self, row: &[u8]) {
        self.across.fill(0);
        let channels = self.channels.count();
        let (old, new) = (u64::from(self.to.0), u64::from(self.from.0));
        let (mut at, mut filled) = (0, 0);
        for pixel in row.chunks_exact(channels) {
            let mut left = old;
            while left > 0 {
                let part = left.min(new - filled);
                if let Some(sums) = self.across.get_mut(at..at + channels) {
                    add_pixel(sums, pixel, part);
                }
                left -= part;
                filled += part;
                if filled == new {
                    (at, filled) = (at + channels, 0);
                }
            }
        }
    }

    fn add(&mut self, weight: u64) {
        if weight > 0 {
            for (area, across) in self.area.iter_mut().zip(&self.across) {
                *area += across * weight;
            }
        }
    }

    fn finish_row(&mut self) {
        let whole = u64::from(self.from.0) * u64::from(self.from.1);
        let channels = self.channels.count();
        for sums in self.area.chunks_exact_mut(channels) {
            match sums {
                [red, green, blue] => {
                    self.data.extend([*red, *green, *blue].map(|sum| rounded(sum, whole)));
                }
                [red, green, blue, alpha] => {
                    let seen = (*alpha).max(1);
                    self.data.extend([*red, *green, *blue].map(|sum| rounded(sum, seen)));
                    self.data.push(rounded(*alpha, whole));
                }
                _ => {}
            }
            sums.fill(0);
        }
    }

    /// The new image. Rows that did not come are black, or see-through.
    pub(super) fn done(mut self) -> Canvas {
        let (width, height) = self.to;
        self.data.resize(width as usize * height as usize * self.channels.count(), 0);
        Canvas { width, height, channels: self.channels, data: self.data }
    }
}

/// Colours weigh as much as they are seen.
fn add_pixel(sums: &mut [u64], pixel: &[u8], weight: u64) {
    let alpha = match pixel {
        [_, _, _, alpha] => u64::from(*alpha),
        _ => 1,
    };
    for (at, (sum, value)) in sums.iter_mut().zip(pixel).enumerate() {
        *sum += u64::from(*value) * weight * if at < 3 { alpha } else { 1 };
    }
}

fn rounded(sum: u64, whole: u64) -> u8 {
    u8::try_from((sum + whole / 2) / whole.max(1)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canvas(width: u32, height: u32, channels: Channels, data: Vec<u8>) -> Canvas {
        Canvas { width, height, channels, data }
    }

    #[test]
    fn a_pixel_is_the_average_of_the_area_it_covers() {
        let checks = canvas(4, 2, Channels::Rgb, [[0; 3], [255; 3]].concat().repeat(4));
        assert_eq!(checks.shrunk(2, 1).data(), [128; 6]);
        let thirds = canvas(3, 1, Channels::Rgb, [[0; 3], [90; 3], [240; 3]].concat());
        assert_eq!(thirds.shrunk(2, 1).data(), [30, 30, 30, 190, 190, 190]);
    }

    #[test]
    fn what_cannot_be_seen_has_no_colour() {
        let half = canvas(2, 1, Channels::Rgba, vec![200, 100, 0, 255, 0, 0, 255, 0]);
        assert_eq!(half.shrunk(1, 1).data(), [200, 100, 0, 128]);
    }

    #[test]
    fn a_photograph_is_turned_as_it_says() {
        let pixels = |order: [u8; 6]| order.map(|value| [value; 3]).concat();
        let turned = |mirrored, quarters| {
            let mut canvas = canvas(3, 2, Channels::Rgb, pixels([1, 2, 3, 4, 5, 6]));
            canvas.turn(Orientation { mirrored, quarters });
            (canvas.width, canvas.height, canvas.data)
        };
        assert_eq!(turned(false, 1), (2, 3, pixels([4, 1, 5, 2, 6, 3])));
        assert_eq!(turned(false, 2), (3, 2, pixels([6, 5, 4, 3, 2, 1])));
        assert_eq!(turned(false, 3), (2, 3, pixels([3, 6, 2, 5, 1, 4])));
        assert_eq!(turned(true, 0), (3, 2, pixels([3, 2, 1, 6, 5, 4])));
        assert_eq!(turned(true, 3), (2, 3, pixels([1, 4, 2, 5, 3, 6])), "number 5: along the diagonal");
    }

    proptest! {
        #[test]
        fn any_size_shrinks_to_any_smaller_one_and_one_colour_stays_it(
            from in (1_u32..40, 1_u32..40), to in (1_u32..40, 1_u32..40), colour in any::<[u8; 3]>(),
            alpha in prop::option::of(1_u8..)
        ) {
            let pixel: Vec<u8> = colour.into_iter().chain(alpha).collect();
            let channels = if alpha.is_some() { Channels::Rgba } else { Channels::Rgb };
            let data = pixel.repeat((from.0 * from.1) as usize);
            let small = canvas(from.0, from.1, channels, data).shrunk(to.0, to.1);
            prop_assert_eq!((small.width, small.height), (to.0.min(from.0), to.1.min(from.1)));
            prop_assert_eq!(small.data(), pixel.repeat((small.width * small.height) as usize));
        }
    }
}
