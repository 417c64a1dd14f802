//! A bar: amounts as stretches of a line. Pure.

/// Columns for each amount, `width` in all: in proportion, and at least one for what is not nothing as long as there is
/// room. Nothing but zeros takes no column.
pub(super) fn columns(amounts: &[u64], width: usize) -> Vec<usize> {
    let total: u128 = amounts.iter().copied().map(u128::from).sum();
    let some = amounts.iter().filter(|amount| **amount > 0).count();
    if total == 0 {
        return vec![0; amounts.len()];
    }
    let least = usize::from(some <= width);
    let spread = (width - least * some) as u128;
    let exact = |amount: u64| u128::from(amount) * spread;
    let mut columns: Vec<usize> = amounts
        .iter()
        .map(|amount| {
            let whole = usize::try_from(exact(*amount) / total).unwrap_or(usize::MAX);
            whole + if *amount > 0 { least } else { 0 }
        })
        .collect();
    // What rounding down left goes to those that lost most by it.
    let mut losers: Vec<usize> = (0..amounts.len()).collect();
    losers.sort_by_key(|at| std::cmp::Reverse(amounts.get(*at).map_or(0, |amount| exact(*amount) % total)));
    let left = width - columns.iter().sum::<usize>();
    for at in losers.into_iter().take(left) {
        if let Some(columns) = columns.get_mut(at) {
            *columns += 1;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_stretch_is_as_long_as_its_share_and_what_is_small_is_seen() {
        assert_eq!(columns(&[50, 25, 25], 40), [20, 10, 10]);
        assert_eq!(columns(&[1_000_000, 1, 0], 10), [9, 1, 0]);
        assert_eq!(columns(&[0, 0], 10), [0, 0]);
    }

    proptest! {
        #[test]
        fn the_bar_is_filled_and_nothing_is_drawn_as_something(
            amounts in vec(prop_oneof![Just(0), any::<u64>()], 1..8), width in 0_usize..200
        ) {
            let columns = columns(&amounts, width);
            let some = amounts.iter().filter(|amount| **amount > 0).count();
            prop_assert_eq!(columns.iter().sum::<usize>(), if some > 0 { width } else { 0 });
            for (amount, columns) in amounts.iter().zip(columns) {
                prop_assert!(*amount > 0 || columns == 0);
                prop_assert!(*amount == 0 || columns > 0 || some > width);
            }
        }
    }
}
