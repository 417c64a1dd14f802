use super::*;
use proptest::prelude::*;

fn weights(sizes: &[(bool, u64)]) -> Vec<Weight> {
    let newest_first =
        (1..).zip(sizes).map(|(seq, (user, tokens))| Weight { seq: Seq(seq), user: *user, tokens: *tokens });
    let mut weights: Vec<_> = newest_first.collect();
    weights.reverse();
    weights
}

const USER: bool = true;
const STEP: bool = false;

#[test]
fn whole_turns_stay_where_they_fit() {
    let history = weights(&[(USER, 10), (STEP, 500), (USER, 10), (STEP, 40), (USER, 10), (STEP, 40)]);
    assert_eq!(tail(&history, 100, 1_000), Some(Seq(3)));
    assert_eq!(tail(&history, 60, 1_000), Some(Seq(5)));
}

#[test]
fn of_a_turn_that_is_too_long_the_newest_steps_stay() {
    let history = weights(&[(USER, 10), (STEP, 500), (STEP, 40), (STEP, 40)]);
    assert_eq!(tail(&history, 100, 1_000), Some(Seq(3)));
}

#[test]
fn a_prompt_that_nobody_answered_stays_whatever_it_weighs() {
    let history = weights(&[(USER, 10), (STEP, 500), (USER, 4_000), (USER, 10)]);
    assert_eq!(tail(&history, 100, 1_000), Some(Seq(3)));
}

#[test]
fn the_newest_results_stay_unless_they_are_the_trouble() {
    let history = weights(&[(USER, 10), (STEP, 500), (STEP, 900)]);
    assert_eq!(tail(&history, 100, 1_000), Some(Seq(3)));
    assert_eq!(tail(&history, 100, 800), None);
}

#[test]
fn a_history_that_would_stay_whole_is_not_compacted() {
    let small = weights(&[(USER, 10), (STEP, 50)]);
    assert_eq!(plan_of(&small, 90, 30, 10_000, 15_000), Err(NoPlan::Nothing));
    assert_eq!(plan_of(&[], 30, 30, 10_000, 15_000), Err(NoPlan::Nothing));
}

#[test]
fn what_has_to_stay_and_does_not_fit_is_a_floor_with_numbers() {
    let huge_prompt = weights(&[(USER, 10), (STEP, 50), (USER, 20_000)]);
    let floor = plan_of(&huge_prompt, 20_100, 30, 10_000, 15_000);
    assert_eq!(floor, Err(NoPlan::Floor { need: 30 + 20_000 + LIKELY_SUMMARY, have: 10_000 }));
    assert!(matches!(
        plan_of(&weights(&[(USER, 10)]), 12_000, 11_000, 10_000, 100),
        Err(NoPlan::Floor { .. })
    ));
}

#[test]
fn what_stands_behind_a_boundary_stands_in_a_fixed_order() {
    let kept = Kept {
        evidence: vec![(PartId::from("prt_1"), "[Compacted tool result]\ntool: bash\nrecall: prt_1".into())],
        request: Some("Fix the parser.".into()),
        todos: vec![
            TodoItem { text: "lexer".into(), status: TodoStatus::Done },
            TodoItem { text: "parser".into(), status: TodoStatus::Active },
            TodoItem { text: "docs".into(), status: TodoStatus::Pending },
        ],
    };
    let parts = parts(&MessageId::from("msg_1"), Compaction::default(), "## Goal\nFix it.", &kept);
    let texts: Vec<_> = parts
        .iter()
        .filter_map(|part| match &part.kind {
            PartKind::Text(body) => Some(body.text.as_str()),
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n----\n"));
}

proptest! {
    #[test]
    fn a_plan_that_is_made_fits_and_wins(
        sizes in prop::collection::vec((any::<bool>(), 0_u64..3_000), 0..40),
        frame in 0_u64..4_000, usable in 1_u64..40_000, keep in 0_u64..20_000
    ) {
        let weights = weights(&sizes);
        let before = frame + weights.iter().map(|weight| weight.tokens).sum::<u64>();
        if let Ok(plan) = plan_of(&weights, before, frame, usable, keep) {
            prop_assert!(plan.wins(plan.stays + LIKELY_SUMMARY.min(plan.summary)));
            let unanswered: Vec<_> = weights.iter().take_while(|weight| weight.user).collect();
            if let Some(oldest) = unanswered.last() {
                prop_assert!(plan.tail.is_some_and(|tail| tail <= oldest.seq));
            } else {
                prop_assert!(plan.stays <= frame + (usable - frame) / 2);
            }
        }
    }

    #[test]
    fn evidence_stays_within_its_room_and_keeps_the_newest(
        sizes in prop::collection::vec(0_usize..1_024, 0..40), tokens in 0_u64..4_000
    ) {
        let digests: Vec<_> =
            (0..).zip(&sizes).map(|(n, size)| (PartId::from(format!("prt_{n}")), "x".repeat(*size))).collect();
        let taken = fitting_evidence(digests.clone(), tokens);
        let size: u64 = taken.iter().map(|(_, digest)| text::estimate_tokens(digest.len() as u64)).sum();
        prop_assert!(size <= tokens);
        let mut newest: Vec<_> = digests.into_iter().take(taken.len()).collect();
        newest.reverse();
        prop_assert_eq!(taken, newest);
    }

    #[test]
    fn chunks_hold_everything_once_and_part_no_message(
        sizes in prop::collection::vec((1_usize..4, 1_u64..100), 0..30), room in 1_u64..400
    ) {
        let items: Vec<Item> = (1..)
            .zip(&sizes)
            .flat_map(|(seq, (count, tokens))| {
                std::iter::repeat_n((seq, *tokens), *count)
            })
            .map(|(seq, tokens)| Item {
                seq: Seq(seq),
                shape: crate::context::validate::Shape::User,
                encoded: bytes::Bytes::new(),
                tokens,
                outputs: Vec::new(),
                summary: false,
                images: crate::context::gallery::Load::default(),
            })
            .collect();
        if let Some(chunks) = chunks(&items, room) {
            prop_assert!(chunks.len() <= MOST_CHUNKS);
            prop_assert_eq!(chunks.iter().map(|chunk| chunk.len()).sum::<usize>(), items.len());
            for pair in chunks.windows(2) {
                prop_assert_ne!(pair[0].last().map(|item| item.seq), pair[1].first().map(|item| item.seq));
            }
        }
    }
}

#[test]
fn a_history_of_too_many_pieces_is_not_summarised() {
    let item = |seq| {
        let entry = crate::provider::Entry::User(vec![crate::provider::Content::Text("x".into())]);
        Item {
            seq: Seq(seq),
            shape: crate::context::validate::Shape::of(&entry),
            encoded: bytes::Bytes::new(),
            tokens: 100,
            outputs: Vec::new(),
            summary: false,
            images: crate::context::gallery::Load::of(&entry),
        }
    };
    let history: Vec<Item> = (1..).take(MOST_CHUNKS + 1).map(item).collect();
    let (fits, too_long) = (history.split_last().unwrap().1, history.as_slice());
    assert_eq!(chunks(fits, 100).map(|pieces| pieces.len()), Some(MOST_CHUNKS));
    assert!(chunks(too_long, 100).is_none());
}

#[test]
fn a_long_request_in_work_is_repeated_by_its_beginning() {
    let words = "é".repeat(REQUEST_BYTES);
    let repeated = request(&words);
    assert_eq!(repeated.matches('é').count(), REQUEST_BYTES / 2);
    assert!(repeated.ends_with("[cut here; the whole: recall, ref \"history\"]"));
    assert!(!request("short").contains("cut here"));
}
