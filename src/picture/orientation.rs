//! Which way up a photograph is: the orientation in its EXIF data. Pure, and of any bytes.
//!
//! Tag 0x0112 of the first directory of a TIFF structure (EXIF 2.32, 4.6.4): values 1 to 8.

/// How stored pixels are turned to stand upright: mirrored first, then turned clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Left and right are swapped.
    pub(super) mirrored: bool,
    /// Quarters of a clockwise turn, 0 to 3.
    pub(super) quarters: u8,
}

impl Orientation {
    /// Whether nothing is to be turned.
    pub(super) fn is_upright(self) -> bool {
        self == Self::default()
    }

    /// By its EXIF number; upright for any other.
    fn numbered(number: u16) -> Self {
        let (mirrored, quarters) = match number {
            2 => (true, 0),
            3 => (false, 2),
            4 => (true, 2),
            5 => (true, 3),
            6 => (false, 1),
            7 => (true, 1),
            8 => (false, 3),
            _ => (false, 0),
        };
        Self { mirrored, quarters }
    }

    /// As EXIF data say that begin with their TIFF header; upright where they say nothing.
    pub(super) fn of_exif(exif: &[u8]) -> Self {
        find(exif).map(Self::numbered).unwrap_or_default()
    }
}

const TAG: u16 = 0x0112;

/// Bytes of a directory's entry.
const ENTRY: usize = 12;

fn find(exif: &[u8]) -> Option<u16> {
    let big = match exif.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let bytes = exif.get(4..8)?.try_into().ok()?;
    let directory = if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    let directory = usize::try_from(directory).ok()?;
    let entries = usize::from(short(directory)?);
    (0..entries)
        .filter_map(|entry| directory.checked_add(2 + entry * ENTRY))
        .find(|at| short(*at) == Some(TAG))
        .and_then(|at| short(at.checked_add(8)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exif(big: bool, number: u16) -> Vec<u8> {
        let short = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let long = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let mut bytes = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
        bytes.extend(long(8));
        bytes.extend(short(2));
        for (tag, value) in [(0x010f, 77), (TAG, number)] {
            bytes.extend([short(tag), short(3)].concat());
            bytes.extend(long(1));
            bytes.extend([short(value), short(0)].concat());
        }
        bytes
    }

    #[test]
    fn all_eight_are_read_in_both_byte_orders_and_others_are_upright() {
        for big in [true, false] {
            let turned: Vec<_> = (1..=8).map(|number| Orientation::of_exif(&exif(big, number))).collect();
            assert!(turned[0].is_upright());
            for (at, one) in turned.iter().enumerate() {
                assert!(turned[at + 1..].iter().all(|other| other != one), "{one:?} stands for two numbers");
            }
            for number in [0, 9, 999] {
                assert!(Orientation::of_exif(&exif(big, number)).is_upright());
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_orientation(start in 0_usize..3, rest in prop::collection::vec(any::<u8>(), 0..80)) {
            let mut bytes = [&b"MM\0*"[..], b"II*\0", b""][start].to_vec();
            bytes.extend(rest);
            prop_assert!(Orientation::of_exif(&bytes).quarters < 4);
        }
    }
}
