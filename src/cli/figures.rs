//! Numbers in the form in which people read them.

use agentls::transcript::Timestamp;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long ago `then` was, in its largest unit: `now`, `5m`, `3h`, `12d`, `2y`.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    match now.since(then) {
        0..MINUTE => "now".to_owned(),
        ms @ MINUTE..HOUR => format!("{}m", ms / MINUTE),
        ms @ HOUR..DAY => format!("{}h", ms / HOUR),
        ms if ms < 365 * DAY => format!("{}d", ms / DAY),
        ms => format!("{}y", ms / (365 * DAY)),
    }
}

/// A count: `950`, `12.3k`, `4.1M`.
pub(super) fn count(number: u64) -> String {
    scaled(number, &["", "k", "M", "G"], 1_000)
}

/// A size: `950 B`, `12.3 KiB`, `4.1 MiB`.
pub(super) fn bytes(number: u64) -> String {
    scaled(number, &[" B", " KiB", " MiB", " GiB"], 1_024)
}

/// A part of a whole in percent: `0.4 %`, `37.0 %`. Of nothing it is `0.0 %`.
pub(super) fn share(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn scaled(number: u64, units: &[&str], step: u64) -> String {
    let mut divisor = 1_u64;
    let mut unit = units.first().copied().unwrap_or_default();
    for larger in units.iter().skip(1) {
        if number / divisor < step {
            break;
        }
        divisor = divisor.saturating_mul(step);
        unit = larger;
    }
    if divisor == 1 {
        return format!("{number}{unit}");
    }
    // In tenths, in integers: exact at any size.
    let tenths = u128::from(number) * 10 / u128::from(divisor);
    format!("{}.{}{unit}", tenths / 10, tenths % 10)
}

/// US dollars: `-` for nothing, cents from a cent on, else enough digits to see it.
pub(super) fn dollars(cost: f64) -> String {
    if cost <= 0.0 {
        "-".to_owned()
    } else if cost < 0.01 {
        format!("${cost:.4}")
    } else {
        format!("${cost:.2}")
    }
}

/// A time in milliseconds: `0.42 ms`, `17 ms`, `2.3 s`.
pub(super) fn millis(time: f64) -> String {
    if time < 10.0 {
        format!("{time:.2} ms")
    } else if time < 1_000.0 {
        format!("{time:.0} ms")
    } else {
        format!("{:.1} s", time / 1_000.0)
    }
}

/// The middle of `values`; the mean of the two in the middle when they are even in number.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied()?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values.get(values.len() / 2 - 1).copied()?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ago = |ms: u64| age(Timestamp(0), Timestamp(i64::try_from(ms).unwrap()));
        assert_eq!(
            [ago(59_999), ago(MINUTE), ago(HOUR - 1), ago(25 * HOUR), ago(800 * DAY)],
            ["now", "1m", "59m", "1d", "2y"]
        );
        assert_eq!(age(Timestamp(5), Timestamp(0)), "now", "a clock that went back");
    }

    #[test]
    fn counts_and_sizes_are_short() {
        assert_eq!([count(999), count(1_000), count(12_345_678)], ["999", "1.0k", "12.3M"]);
        assert_eq!([bytes(1_023), bytes(1_536), bytes(3 << 30)], ["1023 B", "1.5 KiB", "3.0 GiB"]);
    }

    #[test]
    fn a_share_is_in_percent() {
        assert_eq!([share(1, 3), share(0, 0), share(200, 100)], ["33.3 %", "0.0 %", "200.0 %"]);
    }

    #[test]
    fn small_costs_are_visible_and_none_is_a_dash() {
        assert_eq!([dollars(0.0), dollars(0.0042), dollars(1.236)], ["-", "$0.0042", "$1.24"]);
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!([millis(0.42), millis(17.4), millis(2_340.0)], ["0.42 ms", "17 ms", "2.3 s"]);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 9.0]), Some(3.0));
        assert_eq!(median(vec![4.0, 1.0]), Some(2.5));
    }

    proptest! {
        #[test]
        fn any_number_is_short(number in any::<u64>()) {
            prop_assert!(bytes(number).len() <= 18);
            prop_assert!(count(number).len() <= 14);
        }
    }
}
